"""What fake machines are. A guest lets go of its devices, or not, as a test says: see FakeMachine."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from vms.hypervisor.editing import Definition, digest_of
from vms.hypervisor.errors import ChangedMeanwhile, Refused, Unsupported, WrongState
from vms.hypervisor.fake_calls import FakeCalls
from vms.hypervisor.fake_node import FakeMachine
from vms.hypervisor.machine_xml import describe, edited, hardware_of
from vms.rules.differences import Change, Part, When, left_to_do
from vms.rules.editing import ASKS_THE_GUEST, AT_RUNNING
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, PowerReason


class FakeEditing(FakeCalls):
    def definition(self, vm: UUID) -> Definition:
        with self._machine("definition", vm) as machine:
            return Definition(machine.xml, machine.live_xml if machine.power in HAS_PROCESS else "", machine.autostart)

    def redefine(self, vm: UUID, xml: str, *, instead_of: str) -> None:
        with self._machine("redefine", vm) as machine:
            if machine.reason is PowerReason.SAVED:
                raise WrongState(f"the memory of {machine.name} is saved")
            if describe(xml).uuid != vm:
                raise Unsupported("a machine can get a definition of its own only")
            if digest_of(machine.xml) != instead_of:
                raise ChangedMeanwhile(f"the definition of {machine.name} is another by now")
            machine.define(xml)
        self._node.happen(vm, Happening.DEFINITION_CHANGED)

    def disk_sizes(self, vm: UUID) -> Mapping[str, int]:
        with self._machine("disk_sizes", vm) as machine:
            disks = {disk.target: disk.source for disk in describe(machine.live_xml).disks}
            images = self._node.images
            return {target: images[path].capacity for target, path in disks.items() if path in images}

    def change_now(self, vm: UUID, change: Change) -> None:
        with self._machine("change_now", vm) as machine:
            if change.part is Part.AUTOSTART:
                machine.autostart = bool(change.after)
            elif change.part is Part.DRIVE_SIZE:
                self._grow(machine, change)
            else:
                self._change_live(machine, change)

    def _grow(self, machine: FakeMachine, change: Change) -> None:
        image, wanted = self._node.image_of(machine.uuid, change.device), change.after
        if not isinstance(wanted, int) or wanted < image.capacity:
            raise Refused(f"{change.device} does not shrink")
        image.capacity = wanted

    def _change_live(self, machine: FakeMachine, change: Change) -> None:
        if change.part not in AT_RUNNING:
            raise Unsupported(f"{change.part} waits for the next start")
        if machine.power not in HAS_PROCESS:
            raise WrongState(f"{machine.name} is off")
        if change.part in ASKS_THE_GUEST and not machine.lets_go:
            return
        if left_to_do([change], hardware_of(machine.live_xml)):
            machine.live = edited(machine.live_xml, [replace(change, when=When.NOW)])
            is_memory = change.part is Part.MEMORY
            self._node.happen(machine.uuid, Happening.MEMORY_CHANGED if is_memory else Happening.DEVICES_CHANGED)
