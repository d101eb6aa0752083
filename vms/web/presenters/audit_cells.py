"""The audit trail for spreadsheets and programs: the reader's words, and beside them the codes and keys."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms.models import AuditLine
from vms.web.lists.audit import LIST
from vms.web.presenters.audit import AuditRow

MORE: Mapping[str, Promise] = {
    "account": pgettext_lazy("column: the name that somebody logs in with", "User name"),
    "note": pgettext_lazy("column: more about a request", "Details"),
    "kind": pgettext_lazy("column: VM, node, person and so on", "Kind"),
    "why": pgettext_lazy("column: why something was refused or has failed", "Reason"),
}
CODES = ("person_key", "request", "subject", "subject_key", "outcome", "reason", "by_panel", "operation_key")
"""For programs, in no language."""


def headings() -> list[str]:
    shown = ("at", "person", "account", "address", "request", "note", "kind", "subject", "outcome", "why")
    words = {**{key: column.label for key, column in LIST.columns.items()}, **MORE}
    return [*(str(words[key]) for key in shown), *CODES]


def plain(line: AuditLine, row: AuditRow) -> list[str]:
    words = (row.person, row.account, row.address, row.request, row.note, row.kind, row.subject, row.outcome, row.why)
    codes = (getattr(line, code) for code in CODES)
    at = timezone.localtime(line.at).isoformat(timespec="milliseconds")
    return [at, *words, *("" if code is None else str(code) for code in codes)]
