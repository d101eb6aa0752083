"""Steps for a machine that has arrived on another node: it belongs there, and nothing of it is left where it was."""

from __future__ import annotations

import logging
from datetime import timedelta
from posixpath import dirname, normpath

from django.db import transaction
from django.utils import timezone

from vms.hypervisor.contract import Hypervisor, Machine
from vms.hypervisor.editing import Definition
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, VmNotFound, WrongState
from vms.models import Event, Node, Vm
from vms.models.disk import machines_with
from vms.operations.announcing import announce
from vms.operations.definitions import write_definition
from vms.operations.reaching import a_turn_at
from vms.operations.settling import settle
from vms.operations.steps.whereabouts import at_destination, move_of
from vms.operations.steps.work import Again, Done, Result, Work
from vms.rules.differences import Change, Part
from vms.rules.following import wish_behind
from vms.rules.power import HAS_PROCESS, Power, Wanted
from vms.rules.preflight import Way
from vms.rules.progress import Phase
from vms.rules.timeline import What

SOON_SECONDS = 0.2
TROUBLE_PASSES_WITHIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def change_node(work: Work) -> Result:
    """From here on it is the other node that tells of it. A process that only took it along is ended before."""
    if work.vm.node_id == move_of(work).to:
        return Done()
    work.operation.note(phase=Phase.ENDING, permille=1000, bytes_left=0)
    with at_destination(work) as there:
        machine = there.machine(work.vm.uuid)
        if move_of(work).way is Way.HELD and machine.power is Power.PAUSED:
            _power_off(there, work)
            return Again(SOON_SECONDS, Phase.ENDING)
        asked_at = timezone.now()
        definition = _definition(there, work)
    with transaction.atomic():
        vm = Vm.objects.select_for_update().get(pk=work.vm.pk)
        _write_down(work, vm, machine)
        if definition is not None:
            write_definition(vm, definition, asked_at)
        announce(*(("node", str(node)) for node in (move_of(work).home, move_of(work).to)))
    return Done()


def _power_off(there: Hypervisor, work: Work) -> None:
    try:
        there.power_off(work.vm.uuid)
    except WrongState:  # it went off by itself
        return


def _definition(there: Hypervisor, work: Work) -> Definition | None:
    """Whether it starts with its node is not taken along. It has arrived even if a node cannot say how."""
    try:
        if work.operation.measures.get("autostart"):
            there.change_now(work.vm.uuid, Change(Part.AUTOSTART, before=False, after=True))
        return there.definition(work.vm.uuid)
    except (NodeUnreachable, VmNotFound):
        raise
    except HypervisorError as error:
        logger.warning("the definition of %s cannot be read where it arrived: %s", work.vm.uuid, error)
        return None


def _write_down(work: Work, vm: Vm, machine: Machine) -> None:
    """vm: as it was before."""
    move = move_of(work)
    old, new = (Node.objects.get(pk=node).name for node in (vm.node_id, move.to))
    Vm.objects.filter(pk=vm.pk).update(node=move.to)
    _write_power(vm, machine)
    for target, path in move.copies.items():
        vm.disks.filter(target=target).update(path=path, image_format="qcow2")
    Event.objects.create(
        what=What.MOVED,
        vm=vm,
        node_id=move.to,
        operation=work.operation,
        by_panel=True,
        values={"old": old, "new": new},
    )


def _write_power(vm: Vm, machine: Machine) -> None:
    """vm: as it was before."""
    wish = wish_behind(Power(vm.power), machine.power, machine.reason, Wanted(vm.wanted), has_job=True)
    started_at = vm.started_at if machine.power in HAS_PROCESS else None
    Vm.objects.filter(pk=vm.pk).update(wanted=wish or vm.wanted, started_at=started_at)
    vm.observe(machine.power, machine.reason)
    settle(vm.uuid)


def clear_up(work: Work) -> Result:
    """On the node that it has left. What happened where it arrived while that was written down, nobody has heard."""
    if work.node_knows_it():
        _write_power(work.vm, work.hypervisor.machine(work.vm.uuid))
    home = Node.objects.get(pk=move_of(work).home)
    try:
        with a_turn_at(home) as there:
            _leave_nothing(there, work, home)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("something of %s is left on %s: %s", work.vm.uuid, home.name, error)
        return Done() if work.lasts_longer_than(TROUBLE_PASSES_WITHIN) else Again(1)
    return Done()


def _leave_nothing(there: Hypervisor, work: Work, home: Node) -> None:
    left = there.presence(work.vm.uuid)
    if left is not None and left.power not in HAS_PROCESS:
        there.undefine(work.vm.uuid, keep_files=True)
    for path in _images_left(work, home):
        _delete(there, path)


def _images_left(work: Work, home: Node) -> list[str]:
    """Those that were copied, unless another machine has one. On another node the same path is another file, except
    where nodes see the same files."""
    paths = work.operation.measures.get("left", [])
    machines = machines_with(paths, other_than=work.vm)
    shared = {normpath(pool.folder) for pool in home.storage_pools.filter(shared=True) if pool.folder}
    return [
        path
        for path in paths
        if not any(vm.node_id == home.pk or normpath(dirname(path)) in shared for vm in machines.get(path, []))
    ]


def _delete(there: Hypervisor, path: str) -> None:
    """The machine has arrived, whatever becomes of what it left: an image that is in no pool, or that others stand
    on, stays."""
    try:
        if not there.disks_on_top_of(path):
            there.delete_disk(path)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("%s is left behind: %s", path, error)
