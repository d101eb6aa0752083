"""What the audit trail adds to a machine's page, for whoever may read it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode

from vms import labels
from vms.models import AuditLine, Vm
from vms.models.viewer import Viewer
from vms.operations.permission import may_read_audit
from vms.rules.audit import Outcome
from vms.web import formats
from vms.web.presenters.audit import request_text, why_text
from vms.web.presenters.timeline import FEWEST, Timeline, TimelineEntry


def with_refusals(shown: Timeline, vm: Vm, viewer: Viewer) -> Timeline:
    """The same with the last requests that were refused, none older than what is shown."""
    if not may_read_audit(viewer):
        return shown
    refused = AuditLine.objects.filter(subject_key=str(vm.pk), outcome=Outcome.REFUSED)
    if shown.more:
        refused = refused.filter(at__gte=shown.entries[-1].at)
    entries = [*shown.entries, *map(_entry, refused[:FEWEST])]
    return Timeline(sorted(entries, key=lambda entry: entry.at, reverse=True), shown.more)


def audit_url(vm: Vm, viewer: Viewer) -> str:
    """Where all about this machine is listed, "" for who may not read it."""
    return f"{reverse('audit:list')}?{urlencode({'about': str(vm.pk)})}" if may_read_audit(viewer) else ""


def _entry(line: AuditLine) -> TimelineEntry:
    values = {"action": request_text(line), "person": line.person_name or labels.AUDIT_NOBODY}
    return TimelineEntry(
        at=line.at,
        at_text=formats.clock(line.at),
        text=str(labels.AUDIT_REFUSED_TO) % values,
        note=why_text(line),
        look="off",
    )
