"""A machine on the fake node with something to change, and what a person changes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from tests.images import qcow2
from tests.operations.streaming import pool_of
from tests.operations.working import fresh, look
from vms.hypervisor.editing import digest_of
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_node import FakeImage, FakeMachine
from vms.hypervisor.machine_xml import PanelMark, hardware_of, with_panel_mark
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations import performing
from vms.operations.editing import EditOrder, new_disk, request_edit
from vms.operations.reaching import reach
from vms.rules.differences import left_to_do
from vms.rules.hardware import Drive, Hardware, Interface
from vms.rules.power import HAS_PROCESS
from vms.rules.progress import Progress

MIB, GIB = 1024**2, 1024**3
MAC, NEW_MAC = "52:54:00:aa:00:01", "52:54:00:aa:00:02"
ROOT, DATA, ISO = "/images/root.qcow2", "/images/data.qcow2", "/images/tools.iso"
MADE = frozenset({ROOT})

XML = f"""<domain type='qemu'><name>{{name}}</name><uuid>{{uuid}}</uuid><!-- by hand -->
<memory unit='MiB'>1024</memory><currentMemory unit='MiB'>512</currentMemory><vcpu current='1'>4</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><features><acpi/></features><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{ROOT}'/>
<target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{DATA}'/>
<target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='network'><source network='default'/><mac address='{MAC}'/><model type='virtio'/></interface>
</devices></domain>"""


def with_hardware(vm: Vm, there: FakeNode, mark: PanelMark | None = None) -> Vm:
    """What the machine is from now on, known to the panel."""
    machine = there.machines[vm.pk]
    for path in (ROOT, DATA):
        there.add_image(path, capacity=GIB)
    mark = mark or PanelMark(display_name=vm.display_name, made_disks=MADE)
    machine.xml = with_panel_mark(XML.format(name=vm.name, uuid=vm.uuid), mark)
    machine.live = machine.xml if machine.power in HAS_PROCESS else ""
    look(vm)
    return fresh(vm)


def machine_of(vm: Vm, there: FakeNode) -> FakeMachine:
    return there.machines[vm.pk]


def saved(vm: Vm, there: FakeNode) -> Hardware:
    machine = machine_of(vm, there)
    sizes = reach(vm.node).disk_sizes(vm.uuid)
    return hardware_of(machine.xml, autostart=machine.autostart, sizes=sizes)


def live(vm: Vm, there: FakeNode) -> Hardware:
    return hardware_of(machine_of(vm, there).live_xml)


def order_for(vm: Vm, there: FakeNode, *, also: dict[str, Any] | None = None, **changed: Any) -> EditOrder:
    """What a person who sees the machine as it is now changes of it; also: of the order itself."""
    before = saved(vm, there)
    order = EditOrder(before, replace(before, **changed), digest_of(machine_of(vm, there).xml), key=uuid4())
    return replace(order, **(also or {}))


def ask_for(vm: Vm, there: FakeNode, by: Viewer, *, also: dict[str, Any] | None = None, **changed: Any) -> Operation:
    return request_edit(vm, order_for(vm, there, also=also, **changed), by=by)


def without_drive(machine: Hardware, target: str) -> tuple[Drive, ...]:
    return tuple(drive for drive in machine.drives if drive.was != target)


def with_drive(machine: Hardware, target: str, **values: Any) -> tuple[Drive, ...]:
    return tuple(replace(drive, **values) if drive.was == target else drive for drive in machine.drives)


def new_drive(path: str, target: str = "vdc", **values: Any) -> Drive:
    return replace(Drive("", target, "disk", "virtio", "file", path, "qcow2"), **values)


def new_card(mac: str = NEW_MAC) -> Interface:
    return Interface("", mac, "network", "default", "virtio")


def everything(vm: Vm, there: FakeNode) -> dict[str, Any]:
    """Something of each kind: a new image, an image that is there, growth, an interface, a medium, sizes, texts."""
    disk = new_disk(vm, pool_of(vm.node), "vdc", 2 * GIB)
    there.images[ISO] = FakeImage("raw")
    before = saved(vm, there)
    kept = tuple(
        replace(drive, source=ISO) if drive.was == "sda" else drive for drive in with_drive(before, "vda", size=3 * GIB)
    )
    return {
        "also": {"disks": (disk,), "display_name": ("web1", "Büro")},
        "memory_current": 256 * MIB,
        "vcpus_current": 2,
        "description": "two\nlines",
        "autostart": True,
        "watchdog": "reset",
        "drives": (*(drive for drive in kept if drive.was != "vdb"), new_drive(disk.path)),
        "interfaces": (*before.interfaces, new_card()),
    }


def is_done(operation: Operation, there: FakeNode) -> bool:
    """All that was asked for shows in the definition, and nothing of it twice."""
    changes = EditOrder.from_arguments(operation.arguments).changes
    found = saved(operation.vm, there)
    return not left_to_do(changes, found) and len(found.interfaces) == 2 and len(found.drives) == 3


def nothing_was_changed(vm: Vm, there: FakeNode, before: str) -> bool:
    return machine_of(vm, there).xml == before and set(there.images) <= {ROOT, DATA, ISO}


def ended(operation: Operation) -> tuple[str, str]:
    operation.refresh_from_db()
    return operation.progress, operation.problem


def by_hand(vm: Vm, there: FakeNode, old: str, new: str) -> None:
    machine = machine_of(vm, there)
    assert old in machine.xml
    machine.define(machine.xml.replace(old, new))


def step_once(operation: Operation, there: FakeNode) -> None:
    """One step of the recipe, as if the worker died after it."""
    operation.hurry()
    assert operation.claim("me", seconds=60)
    if operation.progress == Progress.QUEUED:
        performing._begin(operation)
    performing._try_next_step(operation)
    operation.release()
    operation.lease_owner = ""
    operation.refresh_from_db()


def sound_image(there: FakeNode, path: str = "/images/spare.qcow2") -> str:
    there.images[path] = FakeImage(content=qcow2())
    return path
