"""One thing changed in a definition, and the rest as it was."""

from vms.hypervisor.errors import Unsupported
from vms.hypervisor.machine_xml.booting import BootDevice, drives_of, has_numbers, put_first
from vms.hypervisor.machine_xml.parsing import parse, text_of


def with_boot_device(xml: str, device: BootDevice) -> str:
    """The same machine, booting from this kind of device first; what it booted from before comes behind.

    Unsupported if its devices have numbers and none is of this kind. InvalidXml if it is no machine's definition.
    """
    root = parse(xml)
    if has_numbers(root) and not drives_of(root, device):
        raise Unsupported(f"the machine has no drive of the kind {device!r}")
    put_first(root, device)
    return text_of(root)
