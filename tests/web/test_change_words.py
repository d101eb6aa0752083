"""Changes of a machine in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from tests.rules.test_hardware import CARD, CDROM, DISK, GIB, MACHINE, NEW_CARD, NEW_DISK, Edit, card, drive
from vms.rules.differences import Part, When, difference
from vms.rules.editing import plan
from vms.rules.hardware import Drive, Firmware, Hardware, Interface
from vms.web.presenters.changes import LONGEST, change_lines

BY_DEVICE = replace(MACHINE, boot=("vda", CARD.mac))


def texts(before: Hardware, after: Hardware) -> list[str]:
    return [line.text for line in change_lines(difference(before, after), before, after)]


def machine(**values: Any) -> Edit:
    return lambda was: replace(was, **values)


def with_drive(new: Drive) -> Edit:
    return lambda was: replace(was, drives=(*was.drives, new))


def with_interface(new: Interface) -> Edit:
    return lambda was: replace(was, interfaces=(*was.interfaces, new))


WORDS: Sequence[tuple[Edit, str]] = [
    (machine(memory_current=3 * GIB), "Memory: 2 GiB → 3 GiB"),
    (machine(memory=8 * GIB), "Maximum memory: 4 GiB → 8 GiB"),
    (machine(vcpus_current=4), "vCPUs: 2 → 4"),
    (machine(vcpus=8), "Maximum vCPUs: 4 → 8"),
    (machine(name="web-02"), "Name at the node: web-01 → web-02"),
    (machine(machine_type="pc-q35-8.0"), "Machine type: pc-q35-7.2 → pc-q35-8.0"),
    (machine(title="Shop"), "Title: none → Shop"),
    (machine(description="One\nTwo"), "Description: none → One Two"),
    (machine(description="a" * 200), f"Description: none → {'a' * LONGEST}…"),
    (machine(firmware=Firmware.EFI), "Firmware: BIOS → UEFI"),
    (machine(graphics=("vnc", "spice")), "Screen: VNC → VNC, SPICE"),
    (machine(graphics=()), "Screen: VNC → none"),
    (machine(has_agent_channel=False), "Channel for the guest agent: yes → no"),
    (machine(watchdog="reset"), "Watchdog: none → reset the machine"),
    (machine(autostart=True), "Start together with the node: no → yes"),
    (machine(boot=("cdrom", "hd")), "Boot order: disk, CD-ROM → CD-ROM, disk"),
    (machine(boot=("vda", CARD.mac)), f"Boot order: disk, CD-ROM → Disk vda, Network interface {CARD.mac}"),
    (drive("vda", size=20 * GIB), "Disk vda: 10 GiB → 20 GiB"),
    (drive("vda", bus="sata", target="sdc"), "Disk vda, bus: virtio (vda) → sata (sdc)"),
    (drive("vda", serial="A1"), "Disk vda, serial number: none → A1"),
    (drive("vda", read_only=True), "Disk vda, read only: no → yes"),
    (drive("vda", source="/images/b.qcow2"), "Disk vda, image: file, a.qcow2, qcow2 → file, b.qcow2, qcow2"),
    (drive("sda", source=""), "CD-ROM sda: a.iso → empty"),
    (with_drive(replace(NEW_DISK, size=20 * GIB)), "Disk vdb is added: 20 GiB, virtio, c.qcow2"),
    (card(is_up=False), f"Network interface {CARD.mac}, link: connected → disconnected"),
    (card(model="e1000e"), f"Network interface {CARD.mac}, model: virtio → e1000e"),
    (card(mac=NEW_CARD.mac), f"Network interface {CARD.mac}, MAC address: {CARD.mac} → {NEW_CARD.mac}"),
    (card(kind="bridge", source="br0"), f"Network interface {CARD.mac}: network default → bridge br0"),
    (with_interface(NEW_CARD), f"Network interface {NEW_CARD.mac} is added: network default, virtio"),
]


@pytest.mark.parametrize(("edit", "words"), WORDS, ids=[words for _, words in WORDS])
def test_a_change_in_words(edit: Edit, words: str) -> None:
    assert texts(MACHINE, edit(MACHINE)) == [words]


def test_what_is_taken_out_is_named_as_what_it_was() -> None:
    after = replace(MACHINE, drives=(CDROM,), interfaces=())
    assert texts(MACHINE, after)[:2] == [
        "Disk vda is taken out: 10 GiB, virtio, a.qcow2",
        "Disk sdb is taken out: sata, b.qcow2",
    ]
    assert texts(MACHINE, replace(MACHINE, drives=(DISK, *MACHINE.drives[2:])))[0] == (
        "CD-ROM sda is taken out: sata, a.iso"
    )


def test_a_boot_order_names_devices_as_they_will_be_called() -> None:
    after = replace(drive("vda", bus="sata", target="sdc")(BY_DEVICE), boot=(CARD.mac, "vda"))
    assert texts(BY_DEVICE, after)[-1] == (
        f"Boot order: Disk vda, Network interface {CARD.mac} → Network interface {CARD.mac}, Disk sdc"
    )


def test_when_a_change_takes_effect_and_why_it_is_impossible() -> None:
    after = replace(MACHINE, vcpus=8, memory_current=GIB, name="other")
    lines = {line.text: line for line in change_lines(plan(MACHINE, after, MACHINE), MACHINE, after)}
    memory, vcpus = lines["Memory: 2 GiB → 1 GiB"], lines["Maximum vCPUs: 4 → 8"]
    assert (memory.when, memory.when_text, memory.why) == (When.NOW, "now", "")
    assert (vcpus.when, vcpus.when_text, vcpus.why) == (When.NEXT_START, "from the next start", "")
    name = lines["Name at the node: web-01 → other"]
    assert (name.when, name.why) == (When.NEVER, "This cannot be changed.")


def test_sizes_are_written_as_the_reader_writes_them() -> None:
    with translation.override("de"):
        (line,) = texts(MACHINE, replace(MACHINE, memory_current=3 * GIB // 2))
    assert line.endswith("1,5 GiB")


def test_every_part_of_a_machine_is_put_into_words_here() -> None:
    taken_out = {Part.DRIVE_REMOVED, Part.INTERFACE_REMOVED}
    assert {change.part for edit, _ in WORDS for change in difference(MACHINE, edit(MACHINE))} | taken_out == set(Part)
