"""A person asks for machines that do not exist yet: their rows and their operations are written down here, together.

Whoever calls this rings the bells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from posixpath import dirname
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from vms.models import Node, Operation, Vm, VmPool
from vms.models.pooling import plugs_of
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, Subject, announce
from vms.operations.auditing import Refusal, about_vm, asked_by, write
from vms.operations.permission import require_may, require_may_make
from vms.operations.pooling import hold, require_places, require_room
from vms.operations.promising import held, require_possible, write_down
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome, Why
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.making import Plan
from vms.rules.power import Power
from vms.rules.status import Second


@dataclass(frozen=True, slots=True)
class NewMachine:
    """One machine to be made. limit: bytes per second of its streams, 0 for none; assigned_to: the person for whom a
    dynamic VM is made."""

    name: str
    plan: Plan
    uuid: UUID
    kind: Kind = Kind.VM
    mode: Mode | None = None
    notes: str = ""
    os_name: str = ""
    limit: int = 0
    pool: VmPool | None = None
    assigned_to: Viewer | None = None


@dataclass(frozen=True, slots=True)
class MakingOrder:
    """Machines that are asked for together. key: the same for every submission of the same page."""

    action: Action
    node: Node
    machines: Sequence[NewMachine]
    key: UUID | None = None


class NamesTaken(Refusal):
    """Other machines have these names already, or somebody else has just asked for them."""

    reason = Why.NAMES_TAKEN

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(", ".join(self.names))


def taken_names(names: Iterable[str], *, other_than: Vm | None = None) -> set[str]:
    """Those of the names that a machine has already, upper or lower case aside. other_than: one that may have them."""
    wanted = {name.lower(): name for name in names}
    others = Vm.objects.exclude(pk__in=[other_than.pk] if other_than else [])
    machines = others.present().annotate(shown=Lower("display_name"), at_node=Lower("name"))
    shown = machines.filter(shown__in=wanted).values_list("shown", flat=True)
    at_node = machines.filter(at_node__in=wanted).values_list("at_node", flat=True)
    claimed = others.filter(claimed_name__in=wanted).values_list("claimed_name", flat=True)
    return {wanted[name] for name in {*shown, *at_node, *claimed} if name in wanted}


def promise_machines(order: MakingOrder, origin: Vm | None, *, by: Viewer | None) -> list[Operation]:
    """Write them down, all or none. Those returned may be earlier ones, if this is the same submitted again. by: None
    for the panel itself.

    ActionRefused if the origin cannot be made from now, NamesTaken, PoolIsFull, OutsideOfPool, NoSuchPool.
    """
    if by is not None:
        _require_may_make(by, order.action, origin)
    with transaction.atomic():
        pools = _held_pools(order, by)
        submitted = _submitted_before(order, by)
        if submitted:
            return submitted
        if origin is not None:
            require_possible(*held(origin), order.action)
        taken = taken_names(machine.name for machine in order.machines)
        if taken:
            raise NamesTaken(taken)
        for pool in pools:
            _require_fits(pool, order, origin)
        operations = [_promise_one(order, machine, number, by) for number, machine in enumerate(order.machines)]
        settle(*(machine.uuid for machine in order.machines), *([origin.uuid] if origin else []))
        announce(COUNTS)
    return operations


def _require_may_make(person: Viewer, action: Action, origin: Vm | None) -> None:
    if origin is not None:
        require_may(person, action, origin)
    else:
        require_may_make(person)


def _held_pools(order: MakingOrder, by: Viewer | None) -> list[VmPool]:
    """All that the machines are to belong to, always in the same order. Held before the origin is."""
    kinds = {machine.pool.pk: machine.kind for machine in order.machines if machine.pool is not None}
    return [hold(key, kinds[key], by=by) for key in sorted(kinds)]


def _require_fits(pool: VmPool, order: MakingOrder, origin: Vm | None) -> None:
    machines = [machine for machine in order.machines if machine.pool == pool]
    for machine in machines:
        folders = {dirname(disk.path) for disk in machine.plan.disks}
        require_places(pool, order.node, folders, plugs_of(origin, machine.plan.network))
    counted = [machine.plan for machine in machines if machine.kind is not Kind.GOLDEN_IMAGE]
    memory, vcpus = sum(plan.memory for plan in counted), sum(plan.vcpus for plan in counted)
    require_room(pool, vms=len(counted), memory=memory, vcpus=vcpus)


def _submitted_before(order: MakingOrder, by: Viewer | None) -> list[Operation]:
    """The first machine of an order carries its key."""
    first = Operation.objects.filter(request_key=order.key).first() if order.key else None
    if first is None:
        return []
    if by is None or first.requested_by_id != by.pk:
        raise PermissionDenied
    return list(Operation.objects.filter(arguments__order=str(order.key)).order_by("pk"))


def _promise_one(order: MakingOrder, machine: NewMachine, number: int, by: Viewer | None) -> Operation:
    vm = _write_row(order.node, machine, by)
    operation = Operation.objects.create(
        vm=vm,
        node=order.node,
        action=order.action,
        slot=Slot.JOB,
        second=Second.RESTORING if machine.plan.backup else Second.CREATING,
        arguments=_arguments(order, machine),
        limit=machine.limit,
        request_key=order.key if number == 0 else None,
        **asked_by(by),
    )
    write(order.action, about_vm(vm), Outcome.ACCEPTED, by=by, operation=operation)
    write_down(operation)
    announce(("operation", str(operation.pk)), ("vm", str(vm.pk)), *_told_to_people(machine))
    return operation


def _told_to_people(machine: NewMachine) -> list[Subject]:
    """Whoever was given its pool sees it from now on."""
    is_seen = machine.pool is not None and machine.kind is Kind.VM
    return [("rights", str(machine.uuid))] if is_seen else []


def _arguments(order: MakingOrder, machine: NewMachine) -> dict[str, Any]:
    together = {"order": str(order.key)} if order.key else {}
    return {**machine.plan.as_arguments(), **together}


def _write_row(node: Node, machine: NewMachine, by: Viewer | None) -> Vm:
    """The unique claim decides when two people ask for the same name at the same moment."""
    try:
        with transaction.atomic():
            return Vm.objects.create(
                uuid=machine.uuid,
                name=machine.name,
                display_name=machine.name,
                claimed_name=machine.name.lower(),
                kind=machine.kind,
                mode=machine.mode or "",
                mode_set_at=timezone.now() if machine.mode else None,
                mode_set_by_name=str(by) if machine.mode and by else "",
                notes=machine.notes,
                os_name=machine.os_name,
                node=node,
                memory=machine.plan.memory,
                vcpus=machine.plan.vcpus,
                power=Power.OFF,
                origin_id=machine.plan.origin,
                link=_link_of(machine),
                pool=machine.pool,
                **_assigned(machine),
            )
    except IntegrityError:
        raise NamesTaken([machine.name]) from None


def _link_of(machine: NewMachine) -> Link:
    if machine.plan.origin is None:
        return Link.NONE
    return Link.LINKED if machine.kind is Kind.DYNAMIC else Link.STREAMING


def _assigned(machine: NewMachine) -> dict[str, Any]:
    if machine.assigned_to is None:
        return {}
    return {"assigned_to_id": machine.assigned_to.pk, "assigned_at": timezone.now()}
