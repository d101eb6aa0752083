"""What a definition says, as plain values. Text that is not there is ""."""

from dataclasses import dataclass
from uuid import UUID

from vms.rules.kinds import Kind, Link, Mode


@dataclass(frozen=True, slots=True)
class Disk:
    """device: disk, cdrom, floppy, lun. source: a path, a device, pool/volume or a network's name; empty drive: ""."""

    target: str
    device: str
    bus: str
    source: str
    format: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Interface:
    """source_type: network, bridge, user, direct ...; source: the name of that network, bridge or device."""

    mac: str
    model: str
    source_type: str
    source: str


@dataclass(frozen=True, slots=True)
class PanelMark:
    """What the panel itself wrote into the definition. made_disks: paths of the images it made for the machine;
    origin: the machine it was made from; pool: the virtual machine pool it belongs to."""

    kind: Kind | None = None
    mode: Mode | None = None
    display_name: str = ""
    made_disks: frozenset[str] = frozenset()
    origin: UUID | None = None
    link: Link = Link.NONE
    pool: UUID | None = None


@dataclass(frozen=True, slots=True)
class MachineDescription:
    """memory: the most it may have, memory_current: what it has now, both in bytes.

    boot_devices: hd, cdrom, network, fd in their order. graphics: vnc, spice ...
    """

    name: str
    uuid: UUID | None
    title: str
    memory: int
    memory_current: int
    vcpus: int
    vcpus_current: int
    virt_type: str
    arch: str
    machine_type: str
    os_type: str
    boot_devices: tuple[str, ...]
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    graphics: tuple[str, ...]
    has_agent_channel: bool
    watchdog: str | None
    panel: PanelMark
