"""What a machine is, as people may edit it: read from its definition, changed in a form, written down as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import count
from string import ascii_lowercase
from typing import Any

REMOVABLE = frozenset({"cdrom", "floppy"})
BOOT_KINDS = frozenset({"hd", "cdrom", "network", "fd"})
PREFIX_OF_BUS: Mapping[str, str] = {"virtio": "vd", "scsi": "sd", "sata": "sd", "usb": "sd", "ide": "hd", "fdc": "fd"}
"""How the names of drives on a bus begin."""


class Firmware(StrEnum):
    BIOS = "bios"
    EFI = "efi"
    SECURE_BOOT = "secure_boot"
    """EFI that starts only what is signed."""
    OTHER = "other"


class Beyond(StrEnum):
    """What a machine has that the panel leaves as it is."""

    PASSED_THROUGH = "passed_through"
    """Devices of the node."""
    HUGE_PAGES = "huge_pages"
    NUMA = "numa"
    MEMORY_MODULES = "memory_modules"
    PINNING = "pinning"
    """vCPUs or memory bound to parts of the node."""
    TUNING = "tuning"
    """Limits on memory, disks or interfaces."""
    QEMU_ARGUMENTS = "qemu_arguments"
    ENCRYPTED_MEMORY = "encrypted_memory"
    TPM = "tpm"
    SHARED_FOLDERS = "shared_folders"
    SHARED_MEMORY = "shared_memory"
    DIRECT_KERNEL = "direct_kernel"
    OTHER_SCREENS = "other_screens"


@dataclass(frozen=True, slots=True)
class Drive:
    """A disk or a drive for media.

    was: the target under which it stands in the definition that was read, "" for a new one. device: disk, cdrom,
    floppy, lun. kind: how libvirt calls what is behind it (file, block, network ...). source: its path or name, "" for
    an empty drive. size: what the guest sees, in bytes, None if not known.
    """

    was: str
    target: str
    device: str
    bus: str
    kind: str
    source: str
    format: str
    read_only: bool = False
    serial: str = ""
    size: int | None = None

    @property
    def is_removable(self) -> bool:
        return self.device in REMOVABLE


@dataclass(frozen=True, slots=True)
class Interface:
    """was: the key under which it was read, "" for a new one. kind, source: "network" and its name, "bridge" and its
    name, "user" and "" ..."""

    was: str
    mac: str
    kind: str
    source: str
    model: str
    is_up: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What nobody edits, but what decides which edits are possible. Sizes in bytes, 0 for none.

    cells: NUMA cells of the guest. memory_ceiling: what its memory could grow to by modules; memory_cap: what its
    process may take; page: of its huge pages. topology: how many vCPUs the layout of its processor has, 0 for any.
    highest_pinned: the last vCPU with a place or a scheduler of its own, -1 for none. free_slots: for devices that are
    plugged in while it is on, None where they do not run out.
    """

    arch: str = "x86_64"
    cells: int = 0
    has_modules: bool = False
    memory_ceiling: int = 0
    memory_cap: int = 0
    page: int = 0
    topology: int = 0
    highest_pinned: int = -1
    vcpus_have_names: bool = False
    has_balloon: bool = True
    keeps_firmware: bool = False
    """Its firmware has variables, or was chosen by hand."""
    has_acpi: bool = True
    """A PC without it neither boots by EFI nor takes cards while it is on."""
    free_slots: int | None = None

    @property
    def is_pc(self) -> bool:
        return self.arch in {"x86_64", "i686"}


@dataclass(frozen=True, slots=True)
class Hardware:
    """memory: the most it may have, memory_current: what it shall have, both in bytes; vCPUs likewise.

    boot: kinds of device (hd, cdrom, network, fd), or drives' and interfaces' own keys, in their order. graphics: vnc,
    spice. watchdog: what it does when the guest hangs, "" for none.
    """

    name: str
    title: str
    description: str
    memory: int
    memory_current: int
    vcpus: int
    vcpus_current: int
    drives: tuple[Drive, ...]
    interfaces: tuple[Interface, ...]
    boot: tuple[str, ...]
    graphics: tuple[str, ...]
    firmware: Firmware
    has_agent_channel: bool
    watchdog: str
    autostart: bool
    machine_type: str
    beyond: frozenset[Beyond] = frozenset()
    limits: Limits = Limits()

    @property
    def boots_by_device(self) -> bool:
        return not BOOT_KINDS.issuperset(self.boot)

    def drive(self, key: str) -> Drive | None:
        return next((drive for drive in self.drives if drive.was == key), None)

    def interface(self, key: str) -> Interface | None:
        return next((interface for interface in self.interfaces if interface.was == key), None)

    def as_arguments(self) -> dict[str, Any]:
        """Only what JSON knows."""
        return {**asdict(self), "beyond": sorted(self.beyond)}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Hardware:
        """What as_arguments() gave. KeyError or TypeError for anything else."""
        given = {
            "drives": tuple(Drive(**drive) for drive in arguments["drives"]),
            "interfaces": tuple(Interface(**interface) for interface in arguments["interfaces"]),
            "boot": tuple(arguments["boot"]),
            "graphics": tuple(arguments["graphics"]),
            "firmware": Firmware(arguments["firmware"]),
            "beyond": frozenset(map(Beyond, arguments["beyond"])),
            "limits": Limits(**arguments["limits"]),
        }
        return cls(**{**arguments, **given})


def on_bus(drive: Drive, bus: str, taken: Collection[str]) -> Drive:
    """The same drive on another bus, with a target that fits there. taken: the other drives' targets."""
    if PREFIX_OF_BUS.get(bus) == PREFIX_OF_BUS.get(drive.bus):
        return replace(drive, bus=bus)
    return replace(drive, bus=bus, target=free_target(bus, taken))


def free_target(bus: str, taken: Collection[str]) -> str:
    """The first name of a drive on this bus that is not taken: vda ... vdz, vdaa ... KeyError for an unknown bus."""
    names = (PREFIX_OF_BUS[bus] + _letters(number) for number in count())
    return next(name for name in names if name not in taken)


def _letters(number: int) -> str:
    """a ... z, aa ... az, ba ..."""
    more, last = divmod(number, len(ascii_lowercase))
    return (_letters(more - 1) if more else "") + ascii_lowercase[last]
