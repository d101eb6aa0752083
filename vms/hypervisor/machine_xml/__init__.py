"""A machine's definition, text to text: read what it says, change one thing and leave the rest as it was."""

from vms.hypervisor.machine_xml.backing import with_images_below
from vms.hypervisor.machine_xml.backing_up import is_written_by_several, kept_disks
from vms.hypervisor.machine_xml.booting import BootDevice
from vms.hypervisor.machine_xml.changing import with_boot_device
from vms.hypervisor.machine_xml.cloning import Clone, clone_of
from vms.hypervisor.machine_xml.description import Disk, Interface, MachineDescription, PanelMark
from vms.hypervisor.machine_xml.editing import edited, interfaces_by_key
from vms.hypervisor.machine_xml.hardware_reading import hardware_of
from vms.hypervisor.machine_xml.macs import fresh_mac
from vms.hypervisor.machine_xml.making import NewMachine, definition_of
from vms.hypervisor.machine_xml.marking import NAMESPACE, element_of, with_panel_mark
from vms.hypervisor.machine_xml.moving import moved, needs_of
from vms.hypervisor.machine_xml.parsing import parse
from vms.hypervisor.machine_xml.reading import describe
from vms.hypervisor.machine_xml.restoring import restored
from vms.hypervisor.machine_xml.secrets import without_secrets

__all__ = [
    "NAMESPACE",
    "BootDevice",
    "Clone",
    "Disk",
    "Interface",
    "MachineDescription",
    "NewMachine",
    "PanelMark",
    "clone_of",
    "definition_of",
    "describe",
    "edited",
    "element_of",
    "fresh_mac",
    "hardware_of",
    "interfaces_by_key",
    "is_written_by_several",
    "kept_disks",
    "moved",
    "needs_of",
    "parse",
    "restored",
    "with_boot_device",
    "with_images_below",
    "with_panel_mark",
    "without_secrets",
]
