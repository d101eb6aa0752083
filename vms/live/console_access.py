"""Who may look at a machine, asked when a visit begins and again while it lasts. Asks the database and the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from vms.live.logins import person_of
from vms.models import Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations import auditing, tickets
from vms.operations.permission import may
from vms.operations.taking import note_use
from vms.operations.tickets import NoTicketsNow, Visit, hash_of
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.audit import Outcome, Request
from vms.rules.consoles import Ending, Way
from vms.rules.kinds import Kind
from vms.rules.status import Main

OF_A_MACHINE = r"/live/console/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
"""How addresses here begin; Django's own patterns are for its own pages."""

_NOTHING_TO_SEE: Mapping[Main, Ending] = {
    Main.STOPPED: Ending.IS_OFF,
    Main.CRASHED: Ending.IS_OFF,
    Main.DELETING: Ending.REMOVED,
    Main.UNKNOWN: Ending.NODE_LOST,
}
"""What ends a visit. Other states may keep one from beginning, but what is open stays open."""


class TurnedAway(Exception):
    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(ending)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in. session: the key of the login; address: of the browser."""

    person: Viewer
    vm: Vm
    way: Way
    session: str
    address: str
    take_over: bool


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody at the door."""

    vm: UUID
    way: Way
    session: str
    address: str
    ticket: str


def admit(knock: Knock) -> Visitor:
    """TurnedAway. The ticket is used up, whatever comes of it."""
    with auditing.asking_from(knock.address):
        person = person_of(knock.session)
        try:
            return _admit(knock, person)
        except TurnedAway as turned:
            _note_refusal(knock, person, turned.ending)
            raise


def require_may_look(person: Viewer, uuid: UUID) -> Vm:
    """The machine with its node. TurnedAway unless this person may look at it, and there is something to see."""
    vm = Vm.objects.all().visible_to(person).with_operations_under_way().filter(pk=uuid).first()
    if vm is None or not may(person, Action.USE, vm):
        raise TurnedAway(Ending.NOT_PERMITTED)
    if not possible(facts_of(vm, vm.under_way), Action.USE).allowed:
        raise TurnedAway(_NOTHING_TO_SEE.get(Main(vm.main), Ending.NOT_NOW))
    return vm


def ending_of(visitor: Visitor) -> Ending | None:
    """Why this visit must end now; None while it may go on."""
    person = person_of(visitor.session)
    if person is None or person.pk != visitor.person.pk:
        return Ending.LOGGED_OUT
    vm = Vm.objects.filter(pk=visitor.vm.pk, deleted_at=None).first()
    if vm is None:
        return Ending.REMOVED
    if not may(person, Action.USE, vm):
        return Ending.NOT_PERMITTED
    return _NOTHING_TO_SEE.get(Main(vm.main))


def note_begin(visitor: Visitor) -> None:
    _note(visitor, Action.USE, {"way": visitor.way})
    note_look(visitor.vm)


def note_end(visitor: Visitor, ending: Ending | None, seconds: float) -> None:
    """ending: None if it was the visitor who left."""
    _note(visitor, Request.USE_OVER, {"way": visitor.way, "seconds": round(seconds)}, ending or "")
    note_look(visitor.vm)


def counts_looks(vm: Vm) -> bool:
    """Whether it is thrown away once nobody has looked at it for long enough."""
    return vm.kind == Kind.DYNAMIC


def note_look(vm: Vm) -> None:
    """Somebody looks at it now."""
    if counts_looks(vm):
        note_use(vm.pk)


def note_failure(visitor: Visitor, ending: Ending) -> None:
    about = auditing.about_vm(visitor.vm)
    with auditing.asking_from(visitor.address):
        values = {"way": visitor.way}
        auditing.write(Action.USE, about, Outcome.FAILED, by=visitor.person, reason=ending, values=values)


def _admit(knock: Knock, person: Viewer | None) -> Visitor:
    visit = _redeemed(knock.ticket)
    if person is None:
        raise TurnedAway(Ending.LOGGED_OUT)
    if visit is None or not _is_for(visit, knock, person):
        raise TurnedAway(Ending.BAD_TICKET)
    vm = require_may_look(person, knock.vm)
    return Visitor(person, vm, knock.way, knock.session, knock.address, visit.take_over)


def _redeemed(ticket: str) -> Visit | None:
    try:
        return tickets.redeem(ticket)
    except NoTicketsNow:
        raise TurnedAway(Ending.CANNOT_CHECK) from None


def _is_for(visit: Visit, knock: Knock, person: Viewer) -> bool:
    expected = Visit(str(person.pk), str(knock.vm), knock.way, hash_of(knock.session), visit.take_over)
    return visit == expected


def _note_refusal(knock: Knock, person: Viewer | None, ending: Ending) -> None:
    seen = Vm.objects.all().visible_to(person).filter(pk=knock.vm).first() if person else None
    about = auditing.about_vm(seen) if seen else auditing.about_unknown_vm(knock.vm)
    values = {"way": knock.way}
    auditing.write(Action.USE, about, Outcome.REFUSED, by=person, reason=ending, values=values)


def _note(visitor: Visitor, request: str, values: Mapping[str, object], reason: str = "") -> None:
    about = auditing.about_vm(visitor.vm)
    with auditing.asking_from(visitor.address):
        auditing.write(request, about, Outcome.SUCCEEDED, by=visitor.person, reason=reason, values=dict(values))
