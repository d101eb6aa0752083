"""A machine's definition, text to text: read what it says, change one thing and leave the rest as it was."""

from vms.hypervisor.machine_xml.description import Disk, Interface, MachineDescription, PanelMark
from vms.hypervisor.machine_xml.marking import with_panel_mark
from vms.hypervisor.machine_xml.parsing import parse
from vms.hypervisor.machine_xml.reading import describe

__all__ = ["Disk", "Interface", "MachineDescription", "PanelMark", "describe", "parse", "with_panel_mark"]
