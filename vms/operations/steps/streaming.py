"""Steps that copy into a machine's disks what is still below them, until they stand alone.

That needs the machine's process, so a stopped machine has one that holds its guest. One disk is copied after the
other: a process whose copies end at the same moment may die of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from posixpath import dirname, normpath

from django.conf import settings
from django.utils import timezone

from vms.hypervisor.contract import Machine, Pull
from vms.hypervisor.errors import Refused, TimedOut, WrongState
from vms.hypervisor.machine_xml import describe
from vms.models import Event, Operation, Vm
from vms.operations.settling import settle
from vms.operations.steps.making import is_handed_over, mark_of
from vms.operations.steps.mending import look_what_is_below, mend, note_kept
from vms.operations.steps.power import see_it_off
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.actions import FILLS_DISKS, Action, Slot
from vms.rules.kinds import Link
from vms.rules.power import HAS_PROCESS, Power, PowerReason, Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.timeline import What

LOOK_SECONDS = 1.0
TURN_LOOK_SECONDS = 5.0
SPACE_LOOK_SECONDS = 5.0
ENOUGH_ROOM = 64 * 1024 * 1024
SHARE_THAT_IS_ENOUGH = 20
TRIES = 3
KEEP_EVERY = timedelta(seconds=10)
STOPS_WITHIN = timedelta(minutes=1)


def take_turn(work: Work) -> Result:
    """Those asked for first go first; the others wait, and say so. They are told when one has ended, if all goes
    well."""
    unfinished = Operation.objects.filter(action__in=FILLS_DISKS, finished_at=None, ends_as="")
    streams = unfinished.filter(vm__node=work.vm.node_id).exclude(phase=Phase.UPLOADING)
    first = streams.order_by("requested_at", "pk").values_list("pk", flat=True)[: settings.STREAMS_PER_NODE]
    return Done() if work.operation.pk in list(first) else Again(TURN_LOOK_SECONDS, Phase.WAITING_FOR_TURN)


def pull(work: Work) -> Result:
    """Whatever ended the process or the copying meanwhile: it goes on from where it was."""
    machine = work.hypervisor.machine(work.vm.uuid)
    try:
        return _pull(work, machine) if machine.power in HAS_PROCESS else _bring_up(work)
    except (WrongState, TimedOut):  # it went off in the middle, is busy, or somebody else does something with its disks
        return Again(LOOK_SECONDS / 2, Phase.STREAMING)
    except Refused:  # said, too, by a call in the middle of which the process dies
        if work.operation.tries >= TRIES:
            raise
        work.operation.note(tries=work.operation.tries + 1)
        return Again(LOOK_SECONDS, Phase.STREAMING)


def _pull(work: Work, machine: Machine) -> Result:
    if _is_held_by_a_full_disk(work, machine) and not _let_go_on(work):
        return Again(SPACE_LOOK_SECONDS, Phase.WAITING_FOR_SPACE)
    look_what_is_below(work.hypervisor, work.operation)
    below = work.hypervisor.images_below(work.vm.uuid)
    pulls = work.hypervisor.pulls(work.vm.uuid) if below else {}
    if not pulls:
        work.hypervisor.keep_pulled(work.vm.uuid)
        note_kept(work.operation, below)
        return _pull_the_first_of(sorted(below), work) if below else Done()
    _keep_limit(work, pulls)
    if machine.power is Power.PAUSED:
        _keep_what_was_copied(work)
    return Again(LOOK_SECONDS, Phase.STREAMING)


def _keep_limit(work: Work, pulls: Mapping[str, Pull]) -> None:
    """People may change it while it is copied."""
    for target, under_way in pulls.items():
        if under_way.limit != work.operation.limit:
            work.hypervisor.limit_pull(work.vm.uuid, target, limit=work.operation.limit)


def _keep_what_was_copied(work: Work) -> None:
    """Now and then, in case the process dies. A guest that runs sees to it itself, by what it writes."""
    now = timezone.now()
    if work.operation.kept_at is None or now - work.operation.kept_at > KEEP_EVERY:
        work.hypervisor.keep_pulled(work.vm.uuid)
        work.operation.note(kept_at=now)


def _bring_up(work: Work) -> Result:
    if is_being_run(work.vm, *Action):
        return Again(LOOK_SECONDS / 2, Phase.WAITING_FOR_PREVIOUS)
    look_what_is_below(work.hypervisor, work.operation)
    mend(work.hypervisor, work.vm)
    work.hypervisor.start_paused(work.vm.uuid)
    work.operation.note(tries=0)
    return Again(LOOK_SECONDS / 4, Phase.STREAMING)


def is_being_run(vm: Vm, *actions: Action) -> bool:
    """Whether one of these is under way."""
    return Operation.objects.filter(vm=vm, slot=Slot.RUN, finished_at=None, action__in=actions).exists()


def _is_held_by_a_full_disk(work: Work, machine: Machine) -> bool:
    if machine.power is not Power.PAUSED or machine.reason is not PowerReason.IO_ERROR:
        return False
    errors = work.hypervisor.disk_errors(work.vm.uuid)
    return bool(errors) and all(error.no_space for error in errors)


def _let_go_on(work: Work) -> bool:
    """A guest that ran until its storage was full, as soon as there is room again."""
    if not _has_room(work, _paths(work).values()):
        return False
    if work.vm.wanted == Wanted.RUNNING:
        work.hypervisor.resume(work.vm.uuid)
    return True


def _pull_the_first_of(targets: Collection[str], work: Work) -> Result:
    target = next(iter(targets))
    paths = _paths(work)
    tries = work.operation.tries
    if tries and not _has_room(work, [paths[target]]):
        return Again(SPACE_LOOK_SECONDS, Phase.WAITING_FOR_SPACE)
    left = sum(_size_of(paths[disk], work) for disk in targets)
    total = max(work.operation.bytes_total, left)
    is_another_disk = total - left != work.operation.bytes_before
    if tries >= TRIES and not is_another_disk:
        raise StepFailed(Problem.STREAM_BROKE)
    work.operation.note(bytes_total=total, bytes_before=total - left, tries=1 if is_another_disk else tries + 1)
    work.hypervisor.pull(work.vm.uuid, target, limit=work.operation.limit)
    return Again(LOOK_SECONDS, Phase.STREAMING)


def _paths(work: Work) -> dict[str, str]:
    return {disk.target: disk.source for disk in describe(work.hypervisor.xml_of(work.vm.uuid)).disks}


def _size_of(path: str, work: Work) -> int:
    image = work.hypervisor.image(path)
    return image.capacity if image else 0


def _has_room(work: Work, paths: Collection[str]) -> bool:
    folders = {dirname(normpath(path)) for path in paths if path}
    pools = [pool for pool in work.hypervisor.storage_pools() if normpath(pool.folder) in folders]
    return all(pool.free >= min(ENOUGH_ROOM, pool.capacity // SHARE_THAT_IS_ENOUGH) for pool in pools)


def release_origin(work: Work) -> Result:
    """Its disks stand alone now: the machine it was made from is free of it."""
    if work.vm.link:
        _write_link(work, Link.NONE)
        values = {"template": work.vm.origin_name()}
        Event.objects.create(what=What.STANDS_ALONE, vm=work.vm, node_id=work.vm.node_id, by_panel=True, values=values)
    return Done()


def _write_link(work: Work, link: Link) -> None:
    """At the node first: what the watcher reads there is written down too."""
    work.vm.link = link
    work.hypervisor.write_mark(work.vm.uuid, mark_of(work.vm))
    Vm.objects.filter(pk=work.vm.pk).update(link=link)
    settle(*(uuid for uuid in (work.vm.uuid, work.vm.origin_id) if uuid))


def end_process(work: Work) -> Result:
    """End the process of a machine that is stopped to people. Who starts it at this moment sees the phase and waits,
    or is seen here."""
    work.operation.note(phase=Phase.ENDING)
    machine = work.hypervisor.machine(work.vm.uuid)
    wanted = Vm.objects.values_list("wanted", flat=True).get(pk=work.vm.pk)
    if machine.power is Power.PAUSED and wanted != Wanted.PAUSED and not is_being_run(work.vm, Action.START):
        _power_off(work)
    elif machine.power is not Power.OFF:
        return Done()
    result = see_it_off(work)
    return Again(result.seconds, Phase.ENDING) if isinstance(result, Again) else result


def _power_off(work: Work) -> None:
    try:
        work.hypervisor.power_off(work.vm.uuid)
    except WrongState:  # it went off by itself
        return


def leave_linked(work: Work) -> Result:
    """Stop copying. What was copied stays, for the rest the machine goes on needing its origin."""
    if not is_handed_over(work):
        return Done()
    if not work.node_knows_it():
        Vm.objects.filter(pk=work.vm.pk).update(link=Link.LINKED)
        return Done()
    try:
        _stop_copying(work)
    except (WrongState, TimedOut, Refused):  # its process ends just now, or is busy
        if work.lasts_longer_than(STOPS_WITHIN):
            raise
        return Again(LOOK_SECONDS, Phase.TAKING_BACK)
    return end_process(work)


def _stop_copying(work: Work) -> None:
    for target in work.hypervisor.pulls(work.vm.uuid):
        work.hypervisor.stop_pull(work.vm.uuid, target)
    _write_link(work, Link.LINKED if work.hypervisor.images_below(work.vm.uuid) else Link.NONE)
