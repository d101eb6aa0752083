"""Asks for an edit as the page does, in a process of its own that belongs to the running panel: a wish as JSON from
standard input, see tests.faults.edits."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import django

django.setup()

from directory.models import Person  # noqa: E402 -- models may only be loaded after the setup
from tests.stack import wait_until  # noqa: E402 -- likewise
from vms.models import Definition, StoragePool, Vm  # noqa: E402 -- likewise
from vms.operations.definitions import hardware_of  # noqa: E402 -- likewise
from vms.operations.editing import EditOrder, new_disk, request_edit  # noqa: E402 -- likewise
from vms.rules.hardware import Drive, Hardware, Interface  # noqa: E402 -- likewise


def ask(wish: dict[str, Any]) -> None:
    vm = Vm.objects.select_related("node").get(pk=wish["vm"])
    growing = [target for target, values in wish.get("drives", {}).items() if values and "size" in values]
    assert wait_until(lambda: all(size_of(vm, target) for target in growing), seconds=60)
    before = as_read(vm)
    order = EditOrder(before, changed(before, wish), Definition.objects.get(vm=vm).digest)
    if "new_disk" in wish:
        pool = StoragePool.objects.get(node=vm.node, name="images")
        disk = new_disk(vm, pool, "vdc", wish["new_disk"])
        drive = Drive("", "vdc", "disk", "virtio", "file", disk.path, "qcow2")
        order = replace(order, disks=(disk,), after=replace(order.after, drives=(*order.after.drives, drive)))
    if "name" in wish:
        order = replace(order, display_name=(vm.display_name, wish["name"]))
    request_edit(vm, order, by=Person.objects.get(username="admin"))


def as_read(vm: Vm) -> Hardware:
    hardware = hardware_of(vm)
    assert hardware is not None
    return hardware


def size_of(vm: Vm, target: str) -> int | None:
    """None until somebody has measured it."""
    drive = as_read(vm).drive(target)
    return drive.size if drive else None


def changed(before: Hardware, wish: dict[str, Any]) -> Hardware:
    """drives: what is changed of them by target, null for those that go; new_card: its address."""
    drives = wish.get("drives", {})
    kept = [drive for drive in before.drives if drives.get(drive.was, {}) is not None]
    cards = [Interface("", wish["new_card"], "user", "", "virtio")] if "new_card" in wish else []
    return replace(
        before,
        drives=tuple(replace(drive, **drives.get(drive.was, {})) for drive in kept),
        interfaces=(*before.interfaces, *cards),
        **wish.get("machine", {}),
    )


ask(json.load(sys.stdin))
