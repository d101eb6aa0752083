"""The XML of small machines, for the example VMs and for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4
from xml.sax.saxutils import escape, quoteattr

from demo.guest import Guest

NAMESPACE = "urn:stoney-panel:vm:1"
TINY_MIB = 8
GUEST_MIB = 96
# Without a limit QEMU keeps more translated code than the guest has memory.
TRANSLATED_MIB = 32


@dataclass(frozen=True)
class PanelNote:
    """What the panel writes into a machine's metadata."""

    display_name: str
    kind: str = "vm"
    mode: str | None = None
    made_disks: tuple[Path, ...] = ()

    def xml(self) -> str:
        """The element of the panel, without `<metadata>` around it."""
        mode = f" mode={quoteattr(self.mode)}" if self.mode else ""
        disks = "".join(f"<stoney:made-disk>{escape(str(disk))}</stoney:made-disk>" for disk in self.made_disks)
        return (
            f'<stoney:vm xmlns:stoney="{NAMESPACE}" kind={quoteattr(self.kind)}{mode}>'
            f"<stoney:display-name>{escape(self.display_name)}</stoney:display-name>{disks}</stoney:vm>"
        )


@dataclass(frozen=True)
class Machine:
    """A machine of 8 MiB without anything; without a kernel it gets no further than its BIOS."""

    name: str
    uuid: UUID | None = None
    memory_mib: int = TINY_MIB
    guest: Guest | None = None
    disks: tuple[Path, ...] = ()
    graphics: bool = False
    network: bool = False
    note: PanelNote | None = None
    emulation: str = "qemu"

    def xml(self) -> str:
        """What libvirt defines it from."""
        return f"""
<domain type='{self.emulation}'>
  <name>{escape(self.name)}</name>
  <uuid>{self.uuid or uuid4()}</uuid>
  {f"<metadata>{self.note.xml()}</metadata>" if self.note else ""}
  <memory unit='MiB'>{self.memory_mib}</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type>{self._boot()}</os>
  <features><acpi/>{self._emulator()}</features>
  <on_crash>destroy</on_crash>
  <devices>{"".join([*self._disks(), *self._ports(), *self._network(), *self._graphics()])}</devices>
</domain>"""

    def _emulator(self) -> str:
        return f"<tcg><tb-cache unit='MiB'>{TRANSLATED_MIB}</tb-cache></tcg>" if self.emulation == "qemu" else ""

    def _boot(self) -> str:
        if self.guest is None:
            return "<boot dev='hd'/>"
        words = f"console=tty0 console=ttyS0 quiet guest_name={self.name}"
        return (
            f"<kernel>{escape(str(self.guest.kernel))}</kernel><initrd>{escape(str(self.guest.initrd))}</initrd>"
            f"<cmdline>{escape(words)}</cmdline>"
        )

    def _disks(self) -> list[str]:
        return [
            f"<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/>"
            f"<source file={quoteattr(str(path))}/><target dev='vd{letter}' bus='virtio'/></disk>"
            for letter, path in zip("abcdefgh", self.disks, strict=False)
        ]

    def _ports(self) -> list[str]:
        """A serial port for all; the agent's channel and memory statistics only where somebody answers."""
        serial = "<serial type='pty'/><console type='pty'/>"
        if self.guest is None:
            return [serial, "<controller type='usb' model='none'/><memballoon model='none'/>"]
        agent = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        rest = "<controller type='usb' model='none'/><memballoon model='virtio'><stats period='10'/></memballoon>"
        return [serial, agent, "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>", rest]

    def _network(self) -> list[str]:
        return ["<interface type='user'><model type='virtio'/></interface>"] if self.network else []

    def _graphics(self) -> list[str]:
        screen = "<video><model type='vga' vram='4096'/></video>"
        return [f"<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>{screen}"] if self.graphics else []


def tiny_machine_xml(name: str, uuid: UUID | None = None, **options: object) -> str:
    """A diskless machine of 8 MiB that only reaches its BIOS: 42 MiB and half a second. Options: those of `Machine`."""
    return _machine(name, uuid, options).xml()


def guest_xml(name: str, guest: Guest, *, uuid: UUID | None = None, disk: Path | None = None, **options: object) -> str:
    """The tiny Linux, with or without a disk. Options: those of `Machine`."""
    disks = {} if disk is None else {"disks": (disk,)}
    return _machine(name, uuid, {"guest": guest, "memory_mib": GUEST_MIB, **disks, **options}).xml()


def _machine(name: str, uuid: UUID | None, options: dict[str, object]) -> Machine:
    return Machine(name, uuid, **options)  # type: ignore[arg-type]  # the names are those of the fields
