"""What a stream has not yet made sure of.

QEMU takes the link to what is below out of an image before all that it copied is written down. A process that dies in
that moment leaves an image that seems to stand alone and has holes. So it is noted what is known to be written down,
and before the next start the definition says what is below for the rest: then it is copied again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.machine_xml import with_images_below
from vms.models import Operation, Vm
from vms.rules.actions import FILLS_DISKS
from vms.rules.making import Plan

NOTE = "unkept"

Images = Mapping[str, tuple[str, str]]
"""Path and format of what is below, by target."""


def unkept(operation: Operation) -> Images | None:
    """Of the disks that are to be filled, those of which it is not yet sure. None if nobody has looked."""
    noted = operation.arguments.get(NOTE)
    if noted is not None:
        return {target: (path, image_format) for target, (path, image_format) in noted.items()}
    disks = Plan.from_arguments(operation.arguments).disks
    return {disk.target: (disk.below, disk.format_below) for disk in disks if disk.below} or None


def note_unkept(operation: Operation, images: Images) -> None:
    operation.arguments = {**operation.arguments, NOTE: dict(images)}
    operation.note(arguments=operation.arguments)


def note_kept(operation: Operation, still_below: Collection[str]) -> None:
    """All but these are written down to the end."""
    before = unkept(operation) or {}
    left = {target: image for target, image in before.items() if target in still_below}
    if left != before:
        note_unkept(operation, left)


def look_what_is_below(hypervisor: Hypervisor, operation: Operation) -> None:
    """For a stream that was begun by another operation, once."""
    if unkept(operation) is not None:
        return
    below = {
        target: (path, hypervisor.image(path)) for target, path in hypervisor.images_below(operation.vm_id).items()
    }
    note_unkept(operation, {target: (path, image.format) for target, (path, image) in below.items() if image})


def mend(hypervisor: Hypervisor, vm: Vm) -> None:
    """Before a machine that is off is started, if a stream of it is under way."""
    job = Operation.objects.filter(vm=vm, action__in=FILLS_DISKS, finished_at=None).first()
    if job is None:
        return
    said = hypervisor.images_below(vm.uuid)
    torn = {target: image for target, image in (unkept(job) or {}).items() if target not in said}
    if torn:
        hypervisor.define(with_images_below(hypervisor.xml_of(vm.uuid), torn))
