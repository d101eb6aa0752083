"""Lines of the audit trail in words: who, from where, what, about whom, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from vms import labels
from vms.models import AuditLine, Event, Node, Operation, Vm, VmPool
from vms.models.viewer import Viewer
from vms.rules.actions import Action
from vms.rules.audit import MACHINES, Outcome, Request, Subject
from vms.rules.consoles import Ending
from vms.rules.images import ImageFault
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.rules.timeline import What
from vms.web import formats
from vms.web.lists.audit import about
from vms.web.presenters.edits import short_words_of_edit
from vms.web.presenters.operations import problem_text
from vms.web.presenters.timeline import sentence_of

LOOK: Mapping[Outcome, str] = {
    Outcome.ACCEPTED: "",
    Outcome.REFUSED: "warn",
    Outcome.SUCCEEDED: "good",
    Outcome.FAILED: "bad",
    Outcome.CANCELLED: "",
    Outcome.SEEN: "",
}
POOLS = frozenset({Subject.POOL})


@dataclass(frozen=True, slots=True)
class AuditRow:
    """account: the name that the person logs in with, "" if it is the same or gone; person_url, about_url: this list,
    narrowed down to them; subject_url: the page of it, "" if there is none (any more); look: warn, good, bad or ""."""

    at: datetime
    at_text: str
    person: str
    account: str
    person_url: str
    address: str
    request: str
    note: str
    kind: str
    subject: str
    subject_url: str
    about_url: str
    outcome: str
    look: str
    why: str
    operation_url: str


def audit_rows(lines: Iterable[AuditLine], viewer: Viewer) -> list[AuditRow]:
    """With what they speak of, in one query for each kind of it."""
    lines = list(lines)
    there = _There(lines, viewer)
    return [_row(line, there) for line in lines]


class _There:
    """What the lines name and the panel still knows."""

    def __init__(self, lines: list[AuditLine], viewer: Viewer) -> None:
        self.viewer = viewer
        self.accounts = get_user_model().objects.in_bulk({line.person_key for line in lines if line.person_key})
        self.machines = Vm.objects.in_bulk({key for line in lines if (key := _uuid_of(line, MACHINES))})
        self.pools = VmPool.objects.in_bulk({key for line in lines if (key := _uuid_of(line, POOLS))})
        self.nodes = Node.objects.in_bulk({int(line.subject_key) for line in lines if _is_of_node(line)})
        operations = Operation.objects.select_related("vm", "node")
        self.operations = operations.in_bulk({line.operation_key for line in lines if line.operation_key})


def _row(line: AuditLine, there: _There) -> AuditRow:
    outcome, here = Outcome(line.outcome), reverse("audit:list")
    key = about(line)
    return AuditRow(
        at=line.at,
        at_text=formats.moment(line.at),
        person=line.person_name or _nobody(line),
        account=_account(line, there),
        person_url=f"{here}?{urlencode({'person': line.person_key})}" if line.person_key else "",
        address=line.address,
        request=request_text(line),
        note=_note(line),
        kind=str(labels.AUDIT_SUBJECT[Subject(line.subject)]) if line.subject else "",
        subject=_subject(line),
        subject_url=_page_of(line, there),
        about_url=f"{here}?{urlencode({'about': key})}" if key else "",
        outcome=str(labels.AUDIT_OUTCOME[outcome]),
        look=LOOK[outcome],
        why=_why(line, there),
        operation_url=reverse("operations:page", args=[line.operation_key]) if _operation(line, there) else "",
    )


def request_text(line: AuditLine) -> str:
    """What was asked for or what happened. A code that nobody knows stands for itself."""
    code = line.request
    if code in set(What):
        return sentence_of(Event(at=line.at, what=code, values=line.values))
    words = labels.ACTION.get(Action(code)) if code in set(Action) else labels.AUDIT_REQUEST.get(code)
    return str(words or code)


def _nobody(line: AuditLine) -> str:
    if not line.by_panel:
        return str(labels.NOT_BY_THIS_PANEL)
    return str(labels.THE_PANEL if line.operation_key else labels.AUDIT_NOBODY)


def _account(line: AuditLine, there: _There) -> str:
    account: Model | None = there.accounts.get(line.person_key)
    name = str(account.get_username()) if account is not None else ""  # type: ignore[attr-defined]  # of all accounts
    return name if name != line.person_name else ""


def _subject(line: AuditLine) -> str:
    if count := line.values.get("machines"):
        return str(labels.AUDIT_MANY % {"count": count})
    return line.subject_name or line.subject_key


def _note(line: AuditLine) -> str:
    values = line.values
    if line.request == Request.TAGS and "added" in values:
        return str(labels.AUDIT_TAGS) % {name: ", ".join(values[name]) or "–" for name in ("added", "removed")}
    if line.request == Request.LIMIT and "limit" in values:
        return formats.speed(values["limit"]) if values["limit"] else str(labels.COPY_NO_LIMIT)
    if line.request == Action.MIGRATE and "to" in values:
        return str(labels.MOVE_FROM_TO % values)
    if line.request == Action.EDIT and "changes" in values:
        return short_words_of_edit(values)
    if values.get("change") in labels.AUDIT_RIGHT:
        return _right(values)
    return next(
        (str(values[name]) for name in ("address", "folder", "backup", "vm") if name in values), _on_node(values)
    )


def _on_node(values: Mapping[str, str]) -> str:
    """Of a machine that two nodes know: which of them was meant."""
    return str(labels.AUDIT_ON_NODE) % values if "there" in values else ""


def _right(values: Mapping[str, str]) -> str:
    rights = {name: str(labels.RIGHT[Right(values[name])]) for name in ("right", "was") if values.get(name)}
    owner = values.get("person") or values.get("group") or ""
    return str(labels.AUDIT_RIGHT[values["change"]]) % {"owner": owner, "was": "", **rights}


def _why(line: AuditLine, there: _There) -> str:
    operation = _operation(line, there)
    if operation and line.reason and operation.problem == line.reason:
        return problem_text(operation, there.viewer)
    return why_text(line)


def why_text(line: AuditLine) -> str:
    """Why it was refused; of what has failed, the problem's code."""
    code = line.reason
    if code in set(ImageFault):
        return str(labels.IMAGE_FAULT[ImageFault(code)])
    words = labels.AUDIT_WHY.get(code)
    if words is None and code in set(Reason):
        words = labels.REASON[Reason(code)]
    if words is None and code in set(Ending):
        words = labels.CONSOLE_ENDING[Ending(code)]
    return str(words or code)


def _operation(line: AuditLine, there: _There) -> Operation | None:
    return there.operations.get(line.operation_key) if line.operation_key else None


def _page_of(line: AuditLine, there: _There) -> str:
    if _is_of_node(line):
        node = there.nodes.get(int(line.subject_key))
        return reverse("nodes:page", args=[node.pk]) if node else ""
    if bulk := line.values.get("bulk"):
        return reverse("bulk:page", args=[bulk])
    if (key := _uuid_of(line, POOLS)) in there.pools:
        return reverse("vms:pool", args=[key])
    key = _uuid_of(line, MACHINES)
    vm = there.machines.get(key) if key else None
    return reverse("vms:removed" if vm.deleted_at else "vms:page", args=[vm.pk]) if vm else ""


def _uuid_of(line: AuditLine, subjects: Collection[str]) -> UUID | None:
    """None if it is about something else. A key that is none must not keep the page from being shown for ever."""
    try:
        return UUID(line.subject_key) if line.subject in subjects else None
    except ValueError:
        return None


def _is_of_node(line: AuditLine) -> bool:
    return line.subject == Subject.NODE and line.subject_key.isdigit()
