"""What is written down of a machine besides its state: its guest, its disks. Only what has changed is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vms.hypervisor.contract import ImageSize
from vms.models import Disk, Interface, Vm
from vms.operations.announcing import announce
from vms.rules.power import Power
from vms.watcher.news import DisksMeasured, GuestSeen

LONGEST = 255
MOST_ADDRESSES = 16


def guest_seen(news: GuestSeen) -> None:
    """Told of a machine that has stopped meanwhile: it is too late."""
    vm = Vm.objects.filter(pk=news.uuid, node=news.node).exclude(power=Power.OFF).first()
    if vm is None:
        return
    if _write_names(vm, news) | _write_addresses(vm, news):
        announce(("vm", str(vm.uuid)))


def disks_measured(news: DisksMeasured) -> None:
    disks = Disk.objects.filter(vm=news.uuid, vm__node=news.node, target__in=news.sizes)
    changed = [disk for disk in disks if _write_size(disk, news.sizes[disk.target])]
    if changed:
        announce(("vm", str(news.uuid)))


def forget_addresses(vm: Vm) -> None:
    """A machine that is off has none."""
    Interface.objects.filter(vm=vm).exclude(addresses=[]).update(addresses=[])


def _write_names(vm: Vm, news: GuestSeen) -> bool:
    """A name the guest does not tell (any more) is still the last known."""
    told = {"os_name": (news.os_name or "")[:LONGEST], "guest_hostname": (news.hostname or "")[:LONGEST]}
    changes: Mapping[str, Any] = {name: text for name, text in told.items() if text and text != getattr(vm, name)}
    return bool(changes) and bool(Vm.objects.filter(pk=vm.pk).update(**changes))


def _write_addresses(vm: Vm, news: GuestSeen) -> bool:
    told = {interface.mac.lower(): list(interface.addresses[:MOST_ADDRESSES]) for interface in news.interfaces}
    changed = False
    for interface in vm.interfaces.all():
        addresses = told.get(interface.mac.lower(), [])
        if addresses != interface.addresses:
            changed = bool(Interface.objects.filter(pk=interface.pk).update(addresses=addresses))
    return changed


def _write_size(disk: Disk, size: ImageSize) -> bool:
    if (disk.capacity, disk.allocation) == (size.capacity, size.allocation):
        return False
    return bool(Disk.objects.filter(pk=disk.pk).update(capacity=size.capacity, allocation=size.allocation))
