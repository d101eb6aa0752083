"""Frees a node of its machines: plans it, then begins one migration after the other. Carried out by workers.

Whatever is done is written down at once, so that another worker goes on where this one ended.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from vms.hypervisor.errors import HypervisorError
from vms.models import Emptying, EmptyingItem, Event, Node, Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.auditing import asking_from
from vms.operations.departures import LEASE_SECONDS, place_anew, plan, tell
from vms.operations.moving import MigrationOrder, NodeIsOut, promise_migration
from vms.operations.permission import may_manage_nodes
from vms.operations.promising import ActionRefused
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.emptying import PASSES, Halt, State, Verdict
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.timeline import What

TRIES = 3
PAUSE_BEFORE_ANOTHER = timedelta(seconds=10)

NAMESPACE = UUID("8f3f8f0a-0f8e-4b0e-9f0c-2f3b8a9d6c51")
"""Of the keys of its operations: a machine whose turn comes twice is still promised once."""

UNDER_WAY = Q(operation__progress__in=[Progress.QUEUED, Progress.WORKING])
HAS_NOT_ENDED = UNDER_WAY | Q(operation__progress=Progress.UNCLEAR)
MAY_BEGIN = Q(operation=None) | Q(operation__progress=Progress.FAILED)


def carry_on(emptying_id: int) -> list[int]:
    """Plan it, or begin what is next. The operations to ring for."""
    emptying = Emptying.objects.select_related("node", "requested_by").filter(pk=emptying_id).first()
    if emptying is None or not emptying.take(seconds=LEASE_SECONDS):
        return []
    try:
        return _carry_on(emptying)
    finally:
        emptying.give_back()


def give_up(emptying_id: int) -> None:
    """A bug was met: a person has to look."""
    emptying = Emptying.objects.get(pk=emptying_id)
    ends = State.FAILED if emptying.state == State.PLANNING else State.PAUSED
    emptying.become(ends, problem=Problem.BUG)
    tell(emptying)


def unfinished_emptyings() -> list[int]:
    """Those that nobody works on just now, but that may have something to be done."""
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    due = Emptying.objects.filter(free, finished_at=None).exclude(state=State.PLANNED)
    return list(due.values_list("pk", flat=True))


def waiting_for(operation_id: int) -> list[int]:
    """Those that can go on when this operation has ended."""
    items = EmptyingItem.objects.filter(operation=operation_id, finished_at=None, emptying__finished_at=None)
    return list(items.exclude(HAS_NOT_ENDED).values_list("emptying_id", flat=True))


def _carry_on(emptying: Emptying) -> list[int]:
    if emptying.state == State.PLANNING:
        plan(emptying)
        return []
    if _note_ends(emptying):
        tell(emptying)
    begun = _begin_next(emptying) if emptying.state == State.RUNNING else []
    if not _open(emptying).exists():
        _finish(emptying)
    return begun


def _open(emptying: Emptying) -> QuerySet[EmptyingItem]:
    return emptying.items.filter(verdict=Verdict.GOES, finished_at=None)


def _note_ends(emptying: Emptying) -> int:
    """How many machines are done with: they are gone from the node, or will not go."""
    still = _open(emptying).exclude(HAS_NOT_ENDED)
    gone = still.filter(~Q(vm__node=emptying.node_id) | ~Q(vm__deleted_at=None))
    by_others = gone.exclude(operation__progress=Progress.SUCCEEDED)
    ended = _end(by_others, operation=None, refusal="") + _end(gone, refusal="")
    has_failed = Q(operation__progress=Progress.FAILED, tries__gte=TRIES)
    return ended + _end(still.filter(has_failed | Q(operation__progress=Progress.CANCELLED)), refusal="")


def _end(items: QuerySet[EmptyingItem], **result: object) -> int:
    keys = list(items.values_list("pk", flat=True))
    return EmptyingItem.objects.filter(pk__in=keys).update(finished_at=timezone.now(), **result)


def _finish(emptying: Emptying) -> None:
    with transaction.atomic():
        if emptying.become(State.FINISHED):
            Event.objects.create(what=What.EMPTYING_ENDED, node_id=emptying.node_id, by_panel=True)
            tell(emptying)


def _begin_next(emptying: Emptying) -> list[int]:
    person = _who_answers(emptying)
    if person is None:
        return []
    free = emptying.at_once - emptying.items.filter(UNDER_WAY).count()
    begun: list[int] = []
    for item in _due(emptying) if free > 0 else []:
        operation = _begin(emptying, item, person)
        begun += [operation.pk] if operation else []
        if len(begun) == free or not emptying.keep(seconds=LEASE_SECONDS):
            break
    return begun


def _who_answers(emptying: Emptying) -> Viewer | None:
    """None if nobody does: then it is paused, until somebody goes on with it in their own name."""
    person = emptying.requested_by
    if person is None or not person.is_active:
        halt = Halt.NOBODY_ANSWERS
    elif not may_manage_nodes(person):
        halt = Halt.NO_LONGER_PERMITTED
    else:
        return person
    emptying.become(State.PAUSED, problem=halt)
    tell(emptying)
    return None


def _due(emptying: Emptying) -> list[EmptyingItem]:
    """Those that can go now, in the order of the plan; what has failed before comes after the others. With the others
    it is noted what keeps them."""
    rested = ~Q(operation__finished_at__gt=timezone.now() - PAUSE_BEFORE_ANOTHER)
    items = list(
        _open(emptying)
        .filter(MAY_BEGIN, rested)
        .select_related("emptying", "to", "vm__node")
        .order_by("tries", "place")
    )
    machines = Vm.objects.filter(pk__in=[each.vm_id for each in items]).with_operations_under_way()
    reasons = {vm.pk: possible(facts_of(vm, vm.under_way), Action.MIGRATE).reason for vm in machines}
    for item in items:
        if reason := reasons[item.vm_id]:
            _note_refusal(item, reason)
    return [item for item in items if reasons[item.vm_id] is None]


def _note_refusal(item: EmptyingItem, why: str) -> bool:
    """True if that was news."""
    ends = None if why in PASSES or why == NodeIsOut.reason else timezone.now()
    others = EmptyingItem.objects.filter(pk=item.pk, finished_at=None).exclude(refusal=why)
    news = others.update(refusal=why, finished_at=ends)
    if news:
        tell(item.emptying)
    return bool(news)


def _begin(emptying: Emptying, item: EmptyingItem, person: Viewer) -> Operation | None:
    """Where it goes is looked up anew if it did not get there before."""
    if item.tries:
        _look_elsewhere(item)
    try:
        return _promise(emptying, item, person)
    except ActionRefused as refused:
        _note_refusal(item, refused.reason)
    except NodeIsOut as out:
        if _note_refusal(item, out.reason):
            _look_elsewhere(item)
    except PermissionDenied:
        emptying.become(State.PAUSED, problem=Halt.NO_LONGER_PERMITTED)
        tell(emptying)
    return None


def _look_elsewhere(item: EmptyingItem) -> None:
    """If there is no other node, or nobody can tell, it waits for the one of the plan."""
    with suppress(HypervisorError):
        place_anew(item)


def _promise(emptying: Emptying, item: EmptyingItem, person: Viewer) -> Operation | None:
    """The request and the note that it was made are one transaction: a worker that dies leaves both or neither."""
    mine = EmptyingItem.objects.select_for_update().filter(pk=item.pk, operation=item.operation_id, finished_at=None)
    with asking_from(emptying.requested_from), transaction.atomic():
        if not mine.exists():
            return None
        if item.to is None:
            raise NodeIsOut(())
        operation = promise_migration(item.vm, _order(emptying, item, item.to), by=person)
        EmptyingItem.objects.filter(pk=item.pk).update(operation=operation, tries=item.tries + 1, refusal="")
        tell(emptying)
    return operation


def _order(emptying: Emptying, item: EmptyingItem, to: Node) -> MigrationOrder:
    goes_on = item.way == Way.LIVE
    return MigrationOrder(
        to=to,
        way=Way(item.way),
        copies=tuple(item.copies),
        folder=item.folder,
        limit=emptying.limit,
        converges=emptying.converges and goes_on,
        post_copy=emptying.post_copy and goes_on,
        key=uuid5(NAMESPACE, f"{item.pk} {item.tries}"),
    )
