"""Addresses for the interfaces of machines that are being made."""

from collections.abc import Iterator

from vms.hypervisor.machine_xml import fresh_mac
from vms.models import Interface


def fresh_macs(count: int) -> Iterator[str]:
    """So many that no machine has."""
    taken = set(Interface.objects.values_list("mac", flat=True))
    for _ in range(count):
        mac = fresh_mac(taken)
        taken.add(mac)
        yield mac
