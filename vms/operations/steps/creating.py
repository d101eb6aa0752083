"""Steps that make a machine from nothing, or from an image that somebody brings."""

from __future__ import annotations

from typing import Literal

from django.conf import settings

from vms.hypervisor.machine_xml import BootDevice, NewMachine, definition_of
from vms.operations.steps import streaming
from vms.operations.steps.making import mark_of, plan_of
from vms.operations.steps.work import Again, Done, Result, StepFailed, Work
from vms.rules.problems import Problem
from vms.rules.progress import Phase


def define_new(work: Work) -> Result:
    if not work.node_knows_it():
        work.hypervisor.define(definition_of(_machine(work)))
    return Done()


def _machine(work: Work) -> NewMachine:
    plan, vm = plan_of(work), work.vm
    boot_device: BootDevice = "cdrom" if plan.cdrom else "hd"
    return NewMachine(
        name=vm.name,
        uuid=vm.uuid,
        description=vm.notes,
        memory=plan.memory,
        vcpus=plan.vcpus,
        virt_type=_virt_type(work),
        disk=plan.disks[0].path if plan.disks else "",
        cdrom=plan.cdrom,
        boot_device=boot_device,
        network=plan.network or "",
        mac=plan.macs[0],
        mark=mark_of(vm, disks=plan.disks),
    )


def _virt_type(work: Work) -> Literal["kvm", "qemu"]:
    if settings.VIRTUALISATION == "qemu":
        return "qemu"
    if work.hypervisor.offers_kvm():
        return "kvm"
    if settings.VIRTUALISATION == "kvm":
        raise StepFailed(Problem.UNSUPPORTED)
    return "qemu"


def wait_for_turn(work: Work) -> Result:
    return streaming.take_turn(work) if _begins_with_an_image(work) else Done()


def copy_image(work: Work) -> Result:
    """Into the machine's own disk, until that stands alone."""
    if not _begins_with_an_image(work):
        return Done()
    result = streaming.pull(work)
    if isinstance(result, Again) and result.phase is Phase.STREAMING:
        return Again(result.seconds, Phase.COPYING_IMAGE)
    return result


def _begins_with_an_image(work: Work) -> bool:
    return any(disk.below for disk in plan_of(work).disks)
