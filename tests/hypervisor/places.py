"""A place where machines live: a fake node, libvirt's test driver or a real node, spoken to in the same way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIGKILL
from time import monotonic, sleep
from uuid import UUID

from demo.processes import send
from vms.hypervisor.contract import Driver, Hypervisor
from vms.hypervisor.errors import VmNotFound, WrongState
from vms.rules.power import HAS_PROCESS

# The smallest machine there is: 8 MiB, no disk, it comes as far as its firmware.
XML = """<domain type="{type}"><name>{name}</name><memory unit="MiB">8</memory>
<os><type arch="{arch}">hvm</type></os>{extra}
<devices>{devices}<video><model type="none"/></video><memballoon model="none"/></devices></domain>"""


@dataclass
class Place:
    driver: Driver
    uri: str
    domain_type: str = "qemu"
    arch: str = "x86_64"
    images: str = "/images"
    processes: Callable[[], list[int]] = list
    made: list[UUID] = field(default_factory=list)

    def connect(self) -> Hypervisor:
        return self.driver.connect(self.uri)

    def xml(self, name: str, *, devices: str = "", extra: str = "") -> str:
        return XML.format(type=self.domain_type, arch=self.arch, name=name, devices=devices, extra=extra)

    def make(self, name: str, *, devices: str = "", extra: str = "") -> UUID:
        vm = self.connect().define(self.xml(name, devices=devices, extra=extra))
        self.made.append(vm)
        return vm

    def clear(self) -> None:
        """Remove what was made here; a real QEMU is killed, for it takes its time when it is asked."""
        for process in self.processes():
            send(process, SIGKILL)
        for vm in self.made:
            with suppress(VmNotFound):
                self._remove(vm)

    def _remove(self, vm: UUID) -> None:
        hypervisor = self.connect()
        if hypervisor.machine(vm).power in HAS_PROCESS:
            with suppress(WrongState):
                hypervisor.power_off(vm)
        hypervisor.undefine(vm)


def wait_for(found: Callable[[], object], seconds: float = 5, pause: float = 0.02) -> None:
    end = monotonic() + seconds
    while not found():
        assert monotonic() < end, "it did not come to that in time"
        sleep(pause)
