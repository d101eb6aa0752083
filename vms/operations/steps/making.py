"""Steps that make a machine from another one: its disks on top of the other's, its definition after the other's."""

from __future__ import annotations

from vms.hypervisor.machine_xml import PanelMark
from vms.hypervisor.machine_xml.cloning import Clone, clone_of
from vms.models import Vm
from vms.operations.reaching import a_turn_at
from vms.operations.settling import settle
from vms.operations.steps.deleting import mark_deleted, undefine
from vms.operations.steps.power import cut_power
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.making import DiskPlan, Plan
from vms.rules.power import HAS_PROCESS
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.status import Second


def plan_of(work: Work) -> Plan:
    return Plan.from_arguments(work.operation.arguments)


def make_disks(work: Work) -> Result:
    for disk in plan_of(work).disks:
        if work.hypervisor.image(disk.path) is None:
            _make_disk(work, disk)
    return Done()


def _make_disk(work: Work, disk: DiskPlan) -> None:
    capacity = disk.capacity
    if disk.below:
        below = work.hypervisor.image(disk.below)
        if below is None:
            raise StepFailed(Problem.ORIGIN_DISK_MISSING, path=disk.below)
        capacity = max(capacity, below.capacity)
    work.hypervisor.make_image(disk.path, capacity, on_top_of=disk.below, format_below=disk.format_below)


def define_copy(work: Work) -> Result:
    """After the definition that the origin has at this moment."""
    if not work.node_knows_it():
        xml = xml_at_origin(work)
        work.hypervisor.define(clone_of(xml, clone_for(work)))
    return Done()


def xml_at_origin(work: Work) -> str:
    """VmNotFound, NodeUnreachable: as its node answers."""
    origin = _origin_of(work)
    with a_turn_at(origin.node) as there:
        return there.xml_of(origin.uuid)


def _origin_of(work: Work) -> Vm:
    origin = Vm.objects.select_related("node").filter(uuid__in=[plan_of(work).origin]).first()
    if origin is None:
        raise StepFailed(Problem.VM_NOT_FOUND)
    return origin


def clone_for(work: Work) -> Clone:
    """What it has of its own."""
    plan = plan_of(work)
    return Clone(
        name=work.vm.name,
        uuid=work.vm.uuid,
        disks={disk.target: disk.path for disk in plan.disks},
        memory=plan.memory,
        vcpus=plan.vcpus,
        network=plan.network,
        macs=plan.macs,
        mark=mark_of(work.vm, disks=plan.disks),
    )


def mark_of(vm: Vm, *, disks: tuple[DiskPlan, ...] | None = None) -> PanelMark:
    """What the machine is, as the panel writes it into its definition. disks: those the panel is just making for it."""
    made = vm.disks.filter(made_by_panel=True).values_list("path", flat=True) if disks is None else ()
    return PanelMark(
        kind=Kind(vm.kind),
        mode=Mode(vm.mode) if vm.mode else None,
        display_name=vm.display_name,
        made_disks=frozenset([*made, *(disk.path for disk in disks or ())]),
        origin=vm.origin_id,
        link=Link(vm.link),
        pool=vm.pool_id,
    )


def hand_over(work: Work) -> Result:
    """From here on it is a VM like others, though its disks still need the origin's. A template is one at the end."""
    if work.vm.kind == Kind.VM:
        work.operation.note(second=Second.STREAMING, permille=0)
        settle(work.vm.uuid)
    return Done()


def start_if_asked(work: Work) -> Result:
    """Only once: a guest that shuts down afterwards stays off."""
    if plan_of(work).start and work.hypervisor.machine(work.vm.uuid).power not in HAS_PROCESS:
        work.hypervisor.start(work.vm.uuid)
    return Done()


def is_handed_over(work: Work) -> bool:
    """Whether it was made as far as people can use it."""
    return work.operation.second == Second.STREAMING


def take_back_half_made(work: Work) -> Result:
    """Nothing of a machine that was not made to the end is left: neither its definition nor its disks nor its row."""
    if is_handed_over(work):
        return Done()
    if work.node_knows_it():
        cut_power(work)
        if work.hypervisor.machine(work.vm.uuid).power in HAS_PROCESS:
            return Again(0.2, Phase.TAKING_BACK)
        undefine(work)
    for disk in plan_of(work).disks:
        work.hypervisor.delete_disk(disk.path)
    return mark_deleted(work)
