"""Writes down who asked for what, also in vain, and what came of it. What is written is never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from vms.models import AuditLine, BackupTarget, Bulk, Node, Operation, StoredFile, Vm, VmPool
from vms.models.viewer import Viewer
from vms.rules.audit import Outcome, Subject
from vms.rules.kinds import Kind
from vms.rules.reasons import Reason

ROWS_IN_ONE_INSERT = 1000
NO_NUL = str.maketrans("", "", "\x00")


@dataclass(frozen=True, slots=True)
class About:
    """Whom or what a line is about. key: its UUID or id, name: what it was called then; "" if there is neither."""

    subject: Subject
    key: str = ""
    name: str = ""


PANEL = About(Subject.PANEL)


class More(TypedDict, total=False):
    """reason: a code; operation: the one that came of it; values: what else a reader wants to know, plain JSON."""

    reason: str
    operation: Operation | None
    values: dict[str, Any]


class Refusal(Exception):
    """A request that is turned down. reason: the code that the audit trail keeps."""

    reason: str = "refused"


@dataclass(slots=True)
class Asking:
    """Somebody's request on its way through the panel. lines: how many were written about it so far; refusals: those
    that are written when it has ended, when the transactions that they undo are gone."""

    address: str = ""
    lines: int = 0
    refusals: list[AuditLine] = field(default_factory=list)


_ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asking_from(address: str) -> Iterator[Asking]:
    """Lines that are written within it come from this address."""
    asking = Asking(address)
    token = _ASKING.set(asking)
    try:
        yield asking
    finally:
        _ASKING.reset(token)
        keep(asking.refusals)


def asked_from() -> str:
    """The address of whoever asks, "" if nobody does."""
    asking = _ASKING.get()
    return asking.address if asking else ""


def asked_by(person: Viewer | None) -> dict[str, Any]:
    """The fields of an operation, or of a bulk, that remember who asks for it. person: None for the panel itself."""
    return {
        "requested_by_id": person.pk if person else None,
        "requested_by_name": str(person) if person else "",
        "requested_from": asked_from(),
    }


def write(request: str, about: About, outcome: Outcome, *, by: Viewer | None, **more: Unpack[More]) -> None:
    """by: None for the panel itself, and for whoever is not logged in. In a transaction that is undone it is lost,
    but for a refusal, which outlives it."""
    line, asking = line_of(request, about, outcome, by=by, **more), _ASKING.get()
    if asking is not None and outcome is Outcome.REFUSED:
        asking.refusals.append(line)
        asking.lines += 1
    else:
        keep([line])


@contextmanager
def noting_refusals(request: str, about: About, *, by: Viewer) -> Iterator[None]:
    """Put around a transaction: what turns the request down undoes that, and is written down all the same."""
    try:
        yield
    except Refusal as refusal:
        write(request, about, Outcome.REFUSED, by=by, reason=refusal.reason)
        raise
    except PermissionDenied:
        write(request, about, Outcome.REFUSED, by=by, reason=Reason.NOT_PERMITTED)
        raise


def write_for(asked: Operation | Bulk, about: About, outcome: Outcome, **more: Unpack[More]) -> None:
    """What became of it, in the name of whoever asked for it, at once."""
    line = line_of(asked.action, about, outcome, by=None, **more)
    line.person_key, line.person_name = asked.requested_by_id, asked.requested_by_name
    line.address = asked.requested_from
    keep([line])


def line_of(request: str, about: About, outcome: Outcome, *, by: Viewer | None, **more: Unpack[More]) -> AuditLine:
    """For keep(), where several are written together."""
    operation = more.get("operation")
    return AuditLine(
        person_key=by.pk if by else None,
        person_name="" if by is None or isinstance(by, AnonymousUser) else _fitting(str(by), 150),
        address=asked_from(),
        request=_fitting(request, 64),
        subject=about.subject,
        subject_key=_fitting(about.key, 64),
        subject_name=_fitting(about.name, 255),
        outcome=outcome,
        reason=_fitting(more.get("reason", ""), 64),
        operation_key=operation.pk if operation else None,
        values=more.get("values", {}),
    )


def keep(lines: Sequence[AuditLine]) -> None:
    """In one query, however many."""
    AuditLine.objects.bulk_create(lines, batch_size=ROWS_IN_ONE_INSERT)
    if asking := _ASKING.get():
        asking.lines += len(lines)


def about_vm(vm: Vm) -> About:
    return About(_SUBJECT.get(Kind(vm.kind), Subject.VM), str(vm.pk), vm.display_name)


_SUBJECT: Mapping[Kind, Subject] = {Kind.TEMPLATE: Subject.TEMPLATE, Kind.GOLDEN_IMAGE: Subject.GOLDEN_IMAGE}


def about_unknown_vm(uuid: UUID) -> About:
    """One that the asker may not see, or that does not exist."""
    return About(Subject.VM, str(uuid))


def about_node(node: Node) -> About:
    return About(Subject.NODE, str(node.pk), node.name)


def about_image(image: StoredFile) -> About:
    return About(Subject.IMAGE, str(image.pk), image.name)


def about_target(target: BackupTarget) -> About:
    return About(Subject.TARGET, str(target.pk), target.name)


def about_pool(pool: VmPool) -> About:
    return About(Subject.POOL, str(pool.pk), pool.name)


def about_person(person: Viewer) -> About:
    return About(Subject.PERSON, str(person.pk), str(person))


def about_group(key: object, name: str) -> About:
    return About(Subject.GROUP, str(key), name)


def _fitting(text: str, length: int) -> str:
    """PostgreSQL refuses what is too long, and the character NUL."""
    return text.translate(NO_NUL)[:length]
