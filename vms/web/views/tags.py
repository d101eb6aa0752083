"""Tags: put on machines and taken off, one by one or many at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vms.models import Tag, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import about_vm, keep, line_of
from vms.operations.permission import may_describe
from vms.rules.audit import Outcome, Request
from vms.web.addresses import uuid_of
from vms.web.requests import PanelRequest, back_to

MOST_MACHINES = 500
MOST_TAGS = 20
LONGEST_TAG = 40
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@require_POST
def change(request: PanelRequest) -> HttpResponse:
    """vm: the machines' ids; add: new tags, with commas between them; remove: tags that go."""
    if not may_describe(request.user):
        raise PermissionDenied
    asked = [uuid for uuid in map(uuid_of, request.POST.getlist("vm")[:MOST_MACHINES]) if uuid]
    machines = list(Vm.objects.all().visible_to(request.user).filter(pk__in=asked))
    names = _names(request.POST.getlist("add"))
    if any(map(_is_faulty, names)):
        messages.error(request, _("A tag has 40 characters at most, and no invisible ones."))
    else:
        _change(machines, add=names, remove=_names(request.POST.getlist("remove")), by=request.user)
    return back_to(request, reverse("vms:list"))


@transaction.atomic
def _change(machines: list[Vm], *, add: list[str], remove: list[str], by: Viewer) -> None:
    for name in add:
        tag, _made = Tag.objects.get_or_create(name__iexact=name, defaults={"name": name})
        tag.vms.add(*machines)
    for name in remove:
        for tag in Tag.objects.filter(name__iexact=name):
            tag.vms.remove(*machines)
    Tag.objects.filter(vms=None).delete()
    values = {"added": add, "removed": remove}
    keep([line_of(Request.TAGS, about_vm(vm), Outcome.ACCEPTED, by=by, values=values) for vm in machines])
    announce(*(("vm", str(vm.pk)) for vm in machines))


def _names(texts: Iterable[str]) -> list[str]:
    """Each once, as it was written first, without the blanks around it."""
    once: dict[str, str] = {}
    for part in (" ".join(part.split()) for text in texts for part in text.split(",")):
        once.setdefault(part.casefold(), part)
    return [name for name in once.values() if name][:MOST_TAGS]


def _is_faulty(name: str) -> bool:
    return len(name) > LONGEST_TAG or any(unicodedata.category(character) in INVISIBLE for character in name)
