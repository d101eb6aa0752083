"""Where a machine is that is sent to another node, as its steps see it, and how far it is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.migrating import CallState, Migration, Outcome, Stage
from vms.models import Node
from vms.operations.announcing import announce
from vms.operations.leasing import my_process
from vms.operations.reaching import a_turn_at
from vms.operations.steps.work import Work
from vms.rules.moving import Move
from vms.rules.preflight import Way
from vms.rules.progress import percent
from vms.rules.whereabouts import Call, Next, Side, Whereabouts, next_step

SETTLES_AFTER = timedelta(seconds=10)
"""No node takes longer to clean up after its restart, nor a call to arrive."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at one look. outcome: None if another process made the call, or nobody knows whether it was."""

    next: Next
    call: Call
    source: Side
    destination: Side
    outcome: Outcome | None
    migration: Migration | None

    @property
    def is_torn(self) -> bool:
        return Side.TORN in {self.source, self.destination}


def move_of(work: Work) -> Move:
    return Move.from_arguments(work.operation.arguments)


def destination_of(work: Work) -> Node:
    return Node.objects.get(pk=move_of(work).to)


@contextmanager
def at_destination(work: Work) -> Iterator[Hypervisor]:
    with a_turn_at(destination_of(work)) as hypervisor:
        yield hypervisor


def is_sent(work: Work) -> bool:
    """Or nobody knows: it was noted before the call was made."""
    return bool(work.operation.measures.get("sent_at"))


def look(work: Work) -> Sight:
    """First the call, then the source, then the destination."""
    vm = work.vm.uuid
    outcome = work.hypervisor.outcome(vm) if work.operation.measures["sent_by"] == my_process() else None
    migration = work.hypervisor.migration(vm)
    source, destination = _side_at(work.hypervisor, work), _side_at_destination(work)
    call = _call(outcome, migration)
    settled = _note(work, [call, source, destination], migration)
    live = move_of(work).way is not Way.OFFLINE
    found = Whereabouts(call, source, destination, live=live, settled=settled)
    return Sight(next_step(found), call, source, destination, outcome, migration)


def _side_at(hypervisor: Hypervisor, work: Work) -> Side:
    found = hypervisor.presence(work.vm.uuid)
    return Side.ABSENT if found is None else found.side


def _side_at_destination(work: Work) -> Side:
    """The nodes may go on though the panel does not see one of them."""
    try:
        with at_destination(work) as hypervisor:
            return _side_at(hypervisor, work)
    except NodeUnreachable:
        return Side.UNSEEN


def _call(outcome: Outcome | None, migration: Migration | None) -> Call:
    if migration is not None or (outcome is not None and outcome.state is CallState.UNDER_WAY):
        return Call.UNDER_WAY
    return Call.UNKNOWN if outcome is None else outcome.call


def _note(work: Work, sides: list[str], migration: Migration | None) -> bool:
    """How far it is. True if all has been as it is for so long that nothing is to come any more. What a node said
    before it was silent does not count: it may have been restarted."""
    operation, measures = work.operation, work.operation.measures
    seen = [*map(str, sides), migration.disks_done + migration.memory_done if migration else 0]
    is_as_it_was = measures.get("seen") == seen and operation.node_silent_since is None
    since = datetime.fromisoformat(measures["seen_since"]) if is_as_it_was else timezone.now()
    measured: dict[str, Any] = {"seen": seen, "seen_since": since.isoformat()}
    progress = _progress(work, migration) if migration else {}
    if migration:
        measured |= _parts(work, migration)
    if not is_as_it_was:
        operation.measure(measured, **progress)
        announce(("vm", str(operation.vm_id)), ("operation", str(operation.pk)))
    return timezone.now() - since > SETTLES_AFTER


def _parts(work: Work, migration: Migration) -> dict[str, Any]:
    disks, memory = _totals(work, migration)
    return {
        "stage": migration.stage,
        "disks": [migration.disks_done, disks],
        "memory": [migration.memory_done, memory],
        "rounds": migration.rounds,
    }


def _progress(work: Work, migration: Migration) -> dict[str, Any]:
    """It never falls back, though the guest changes what was sent already."""
    total = sum(_totals(work, migration))
    done = migration.disks_done + migration.memory_done
    return {
        "permille": max(work.operation.permille or 0, round(10 * percent(done, total))),
        "bytes_left": max(0, total - done),
        "bytes_per_second": migration.bytes_per_second or _mean_speed(work, done),
    }


def _mean_speed(work: Work, done: int) -> int:
    """Since it was sent, in bytes per second: nodes tell no speed while they copy disks."""
    sent_at = datetime.fromisoformat(work.operation.measures["sent_at"])
    return round(done / max(1.0, (timezone.now() - sent_at).total_seconds()))


def _totals(work: Work, migration: Migration) -> tuple[int, int]:
    """Of disks and memory, in bytes. The node tells each when it has come to it; until then what is known before."""
    has_come_to_memory = migration.stage in {Stage.MEMORY, Stage.HANDED_OVER}
    expected = 0 if has_come_to_memory else work.operation.measures.get("disk_bytes", 0)
    return max(migration.disks_total, expected), migration.memory_total or work.vm.memory
