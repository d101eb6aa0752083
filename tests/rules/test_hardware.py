"""What a machine is, how two of them differ, and when that can be changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from vms.rules.differences import Change, Hindrance, Part, When, difference, left_to_do
from vms.rules.editing import ASKS_THE_GUEST, AT_RUNNING, OUTSIDE_DEFINITION, at_once, in_definition, plan, waiting
from vms.rules.hardware import Beyond, Drive, Firmware, Hardware, Interface, Limits, free_target, on_bus

GIB = 1024**3
DISK = Drive("vda", "vda", "disk", "virtio", "file", "/images/a.qcow2", "qcow2", size=10 * GIB)
OLD = Drive("sdb", "sdb", "disk", "sata", "file", "/images/b.qcow2", "qcow2")
CDROM = Drive("sda", "sda", "cdrom", "sata", "file", "/iso/a.iso", "raw", read_only=True)
CARD = Interface("52:54:00:00:00:01", "52:54:00:00:00:01", "network", "default", "virtio")
VIRTUAL_FUNCTION = Interface("52:54:00:00:00:02", "52:54:00:00:00:02", "hostdev", "", "")
MACHINE = Hardware(
    name="web-01",
    title="",
    description="",
    memory=4 * GIB,
    memory_current=2 * GIB,
    vcpus=4,
    vcpus_current=2,
    drives=(DISK, CDROM, OLD),
    interfaces=(CARD, VIRTUAL_FUNCTION),
    boot=("hd", "cdrom"),
    graphics=("vnc",),
    firmware=Firmware.BIOS,
    has_agent_channel=True,
    watchdog="",
    autostart=False,
    machine_type="pc-q35-7.2",
    beyond=frozenset({Beyond.PASSED_THROUGH}),
)
NEW_DISK = Drive("", "vdb", "disk", "virtio", "file", "/images/c.qcow2", "qcow2")
NEW_CARD = Interface("", "52:54:00:00:00:09", "network", "default", "virtio")

Edit = Callable[[Hardware], Hardware]


def drive(key: str, **values: Any) -> Edit:
    return lambda was: replace(
        was, drives=tuple(replace(one, **values) if one.was == key else one for one in was.drives)
    )


def card(**values: Any) -> Edit:
    return lambda was: replace(was, interfaces=(replace(was.interfaces[0], **values), *was.interfaces[1:]))


def function(**values: Any) -> Edit:
    return lambda was: replace(was, interfaces=(was.interfaces[0], replace(was.interfaces[1], **values)))


def also(*drives: Drive) -> Edit:
    return lambda was: replace(was, drives=(*was.drives, *drives))


def machine(**values: Any) -> Edit:
    return lambda was: replace(was, **values)


def limited(**values: Any) -> Hardware:
    return replace(MACHINE, limits=Limits(**values))


def changes_by(edit: Edit, before: Hardware = MACHINE, live: Hardware | None = None) -> dict[Part, Change]:
    return {change.part: change for change in plan(before, edit(before), live)}


def test_a_machine_does_not_differ_from_itself() -> None:
    assert difference(MACHINE, MACHINE) == []


def test_a_machine_can_be_written_down() -> None:
    assert Hardware.from_arguments(json.loads(json.dumps(MACHINE.as_arguments()))) == MACHINE


WHILE_IT_RUNS: list[tuple[Edit, Part, When]] = [
    (machine(title="Shop"), Part.TITLE, When.NOW),
    (machine(description="a\nb"), Part.DESCRIPTION, When.NOW),
    (machine(memory_current=GIB), Part.MEMORY, When.NOW),
    (machine(memory_current=4 * GIB), Part.MEMORY, When.NOW),
    (machine(memory=8 * GIB, memory_current=8 * GIB), Part.MEMORY, When.NEXT_START),
    (machine(memory=8 * GIB), Part.MEMORY_MAXIMUM, When.NEXT_START),
    (machine(vcpus_current=4), Part.VCPUS, When.NOW),
    (machine(vcpus_current=1), Part.VCPUS, When.NEXT_START),
    (machine(vcpus=8, vcpus_current=8), Part.VCPUS, When.NEXT_START),
    (machine(vcpus=8), Part.VCPUS_MAXIMUM, When.NEXT_START),
    (machine(firmware=Firmware.EFI), Part.FIRMWARE, When.NEXT_START),
    (machine(graphics=("spice",)), Part.GRAPHICS, When.NEXT_START),
    (machine(has_agent_channel=False), Part.AGENT_CHANNEL, When.NEXT_START),
    (machine(watchdog="reset"), Part.WATCHDOG, When.NEXT_START),
    (machine(autostart=True), Part.AUTOSTART, When.NOW),
    (machine(boot=("cdrom", "hd")), Part.BOOT, When.NEXT_START),
    (also(NEW_DISK), Part.DRIVE_ADDED, When.NOW),
    (also(replace(NEW_DISK, bus="scsi", target="sdz")), Part.DRIVE_ADDED, When.NOW),
    (also(replace(NEW_DISK, bus="usb", target="sdz")), Part.DRIVE_ADDED, When.NOW),
    (also(replace(NEW_DISK, bus="sata", target="sdz")), Part.DRIVE_ADDED, When.NEXT_START),
    (also(replace(NEW_DISK, bus="scsi", target="sdz", device="cdrom")), Part.DRIVE_ADDED, When.NEXT_START),
    (machine(drives=(CDROM, OLD)), Part.DRIVE_REMOVED, When.NOW),
    (machine(drives=(DISK, CDROM)), Part.DRIVE_REMOVED, When.NEXT_START),
    (machine(drives=(DISK, OLD)), Part.DRIVE_REMOVED, When.NEXT_START),
    (drive("vda", bus="scsi", target="sdz"), Part.DRIVE_BUS, When.NEXT_START),
    (drive("vda", size=20 * GIB), Part.DRIVE_SIZE, When.NOW),
    (drive("vda", read_only=True), Part.DRIVE_READ_ONLY, When.NEXT_START),
    (drive("vda", serial="S-1"), Part.DRIVE_SERIAL, When.NEXT_START),
    (drive("sda", source=""), Part.MEDIUM, When.NOW),
    (drive("sda", source="/iso/b.iso"), Part.MEDIUM, When.NOW),
    (machine(interfaces=(CARD, VIRTUAL_FUNCTION, NEW_CARD)), Part.INTERFACE_ADDED, When.NOW),
    (machine(interfaces=(VIRTUAL_FUNCTION,)), Part.INTERFACE_REMOVED, When.NOW),
    (machine(interfaces=(CARD,)), Part.INTERFACE_REMOVED, When.NEXT_START),
    (card(kind="bridge", source="br0"), Part.INTERFACE_PLUG, When.NOW),
    (card(kind="user", source=""), Part.INTERFACE_PLUG, When.NEXT_START),
    (card(model="e1000"), Part.INTERFACE_MODEL, When.NEXT_START),
    (card(mac="52:54:00:00:00:07"), Part.INTERFACE_MAC, When.NEXT_START),
    (card(is_up=False), Part.INTERFACE_LINK, When.NOW),
]


@pytest.mark.parametrize(("edit", "part", "when"), WHILE_IT_RUNS)
def test_while_it_runs(edit: Edit, part: Part, when: When) -> None:
    change = changes_by(edit, live=MACHINE)[part]
    assert (change.when, change.hindrance) == (when, None)
    assert changes_by(edit)[part].when is When.NOW


def test_every_part_is_tried_while_it_runs() -> None:
    fixed = {Part.NAME, Part.MACHINE_TYPE, Part.DRIVE_IMAGE}
    assert {part for _, part, _ in WHILE_IT_RUNS} == set(Part) - fixed
    assert {part for _, part, when in WHILE_IT_RUNS if when is When.NOW} == AT_RUNNING | OUTSIDE_DEFINITION
    assert ASKS_THE_GUEST <= AT_RUNNING


TWIN = replace(VIRTUAL_FUNCTION, was="", kind="network", source="default", model="virtio")
IMPOSSIBLE: list[tuple[Hardware, Edit, Part, Hindrance]] = [
    (MACHINE, machine(name="web-02"), Part.NAME, Hindrance.FIXED),
    (MACHINE, machine(machine_type="pc"), Part.MACHINE_TYPE, Hindrance.FIXED),
    (MACHINE, drive("vda", source="/images/z"), Part.DRIVE_IMAGE, Hindrance.FIXED),
    (MACHINE, machine(title="two\nlines"), Part.TITLE, Hindrance.WRONG_NAME),
    (MACHINE, machine(memory_current=0), Part.MEMORY, Hindrance.TOO_LITTLE),
    (MACHINE, machine(memory_current=5 * GIB), Part.MEMORY, Hindrance.ABOVE_MAXIMUM),
    (MACHINE, machine(memory=GIB), Part.MEMORY_MAXIMUM, Hindrance.ABOVE_MAXIMUM),
    (limited(cells=2), machine(memory=8 * GIB), Part.MEMORY_MAXIMUM, Hindrance.MEMORY_LAID_OUT),
    (limited(has_modules=True), machine(memory=8 * GIB), Part.MEMORY_MAXIMUM, Hindrance.MEMORY_LAID_OUT),
    (limited(memory_cap=6 * GIB), machine(memory=8 * GIB), Part.MEMORY_MAXIMUM, Hindrance.ABOVE_CEILING),
    (limited(memory_ceiling=6 * GIB), machine(memory=8 * GIB), Part.MEMORY_MAXIMUM, Hindrance.ABOVE_CEILING),
    (limited(page=GIB), machine(memory=4 * GIB + 1), Part.MEMORY_MAXIMUM, Hindrance.NOT_WHOLE_PAGES),
    (limited(has_balloon=False), machine(memory_current=GIB), Part.MEMORY, Hindrance.NO_BALLOON),
    (limited(cells=2), machine(memory=8 * GIB, memory_current=8 * GIB), Part.MEMORY, Hindrance.ABOVE_MAXIMUM),
    (MACHINE, machine(vcpus_current=0), Part.VCPUS, Hindrance.TOO_LITTLE),
    (MACHINE, machine(vcpus_current=5), Part.VCPUS, Hindrance.ABOVE_MAXIMUM),
    (limited(vcpus_have_names=True), machine(vcpus_current=3), Part.VCPUS, Hindrance.VCPUS_LAID_OUT),
    (limited(topology=4), machine(vcpus=8), Part.VCPUS_MAXIMUM, Hindrance.VCPUS_LAID_OUT),
    (limited(highest_pinned=3), machine(vcpus=3), Part.VCPUS_MAXIMUM, Hindrance.VCPUS_PINNED),
    (limited(keeps_firmware=True), machine(firmware=Firmware.EFI), Part.FIRMWARE, Hindrance.FIRMWARE_KEPT),
    (limited(arch="s390x"), machine(firmware=Firmware.EFI), Part.FIRMWARE, Hindrance.NOT_FOR_THIS_MACHINE),
    (limited(has_acpi=False), machine(firmware=Firmware.EFI), Part.FIRMWARE, Hindrance.NOT_FOR_THIS_MACHINE),
    (MACHINE, machine(firmware=Firmware.SECURE_BOOT), Part.FIRMWARE, Hindrance.UNKNOWN_KIND),
    (MACHINE, machine(graphics=("rdp",)), Part.GRAPHICS, Hindrance.UNKNOWN_KIND),
    (MACHINE, machine(watchdog="bark"), Part.WATCHDOG, Hindrance.UNKNOWN_KIND),
    (MACHINE, machine(boot=("hd", "vda")), Part.BOOT, Hindrance.MIXED_BOOT_ORDER),
    (MACHINE, machine(boot=("vdz",)), Part.BOOT, Hindrance.NO_SUCH_DEVICE),
    (MACHINE, machine(boot=()), Part.BOOT, Hindrance.NO_SUCH_DEVICE),
    (MACHINE, also(replace(NEW_DISK, target="vda")), Part.DRIVE_ADDED, Hindrance.NAME_TAKEN),
    (MACHINE, also(replace(NEW_DISK, target="sdz")), Part.DRIVE_ADDED, Hindrance.WRONG_NAME),
    (MACHINE, also(replace(NEW_DISK, serial="a b<c")), Part.DRIVE_ADDED, Hindrance.WRONG_NAME),
    (MACHINE, also(replace(NEW_DISK, bus="ide", target="hda")), Part.DRIVE_ADDED, Hindrance.NO_SUCH_BUS),
    (MACHINE, also(replace(NEW_DISK, source="")), Part.DRIVE_ADDED, Hindrance.UNKNOWN_KIND),
    (MACHINE, also(replace(NEW_DISK, kind="network")), Part.DRIVE_ADDED, Hindrance.UNKNOWN_KIND),
    (MACHINE, drive("sdb", read_only=True), Part.DRIVE_READ_ONLY, Hindrance.NOT_ON_THIS_BUS),
    (MACHINE, drive("sda", bus="virtio", target="vdz"), Part.DRIVE_BUS, Hindrance.NO_SUCH_BUS),
    (MACHINE, drive("vda", serial="<"), Part.DRIVE_SERIAL, Hindrance.WRONG_NAME),
    (MACHINE, drive("vda", size=GIB), Part.DRIVE_SIZE, Hindrance.SHRINKS),
    (MACHINE, drive("sdb", size=GIB), Part.DRIVE_SIZE, Hindrance.SIZE_UNKNOWN),
    (MACHINE, drive("sda", source="a.iso"), Part.MEDIUM, Hindrance.UNKNOWN_KIND),
    (MACHINE, function(kind="network", source="default"), Part.INTERFACE_PLUG, Hindrance.PASSED_THROUGH),
    (MACHINE, function(model="virtio"), Part.INTERFACE_MODEL, Hindrance.PASSED_THROUGH),
    (MACHINE, card(kind="network", source=""), Part.INTERFACE_PLUG, Hindrance.UNKNOWN_KIND),
    (MACHINE, card(mac=VIRTUAL_FUNCTION.mac), Part.INTERFACE_MAC, Hindrance.NAME_TAKEN),
    (MACHINE, card(mac="01:00:5e:00:00:01"), Part.INTERFACE_MAC, Hindrance.WRONG_NAME),
    (MACHINE, machine(interfaces=(*MACHINE.interfaces, TWIN)), Part.INTERFACE_ADDED, Hindrance.NAME_TAKEN),
]


@pytest.mark.parametrize(("before", "edit", "part", "hindrance"), IMPOSSIBLE)
def test_impossible(before: Hardware, edit: Edit, part: Part, hindrance: Hindrance) -> None:
    for live in (None, before):
        change = changes_by(edit, before, live)[part]
        assert (change.when, change.hindrance) == (When.NEVER, hindrance)
        assert change not in in_definition([change])
        assert at_once([change], running=True) == []


def test_every_hindrance_is_tried() -> None:
    assert {hindrance for *_, hindrance in IMPOSSIBLE} == set(Hindrance)


def test_what_the_running_machine_is_not_yet_waits_with_the_rest() -> None:
    """A card that is to come with the next start cannot lose its link now."""
    before = replace(MACHINE, interfaces=(*MACHINE.interfaces, replace(NEW_CARD, was=NEW_CARD.mac)))
    after = replace(before, interfaces=tuple(replace(one, is_up=False) for one in before.interfaces))
    found = {change.device: change.when for change in plan(before, after, live=MACHINE)}
    assert found[NEW_CARD.mac] is When.NEXT_START
    assert found[CARD.mac] is When.NOW


def test_memory_that_comes_with_the_next_start_is_not_there_now() -> None:
    before = replace(MACHINE, memory=8 * GIB)
    assert changes_by(machine(memory_current=6 * GIB), before, live=MACHINE)[Part.MEMORY].when is When.NEXT_START


def test_cards_are_plugged_in_while_there_are_slots() -> None:
    live = limited(free_slots=1)
    cards = tuple(replace(NEW_CARD, mac=f"52:54:00:00:01:0{number}") for number in range(3))
    after = replace(MACHINE, interfaces=(*MACHINE.interfaces, *cards))
    assert [change.when for change in plan(MACHINE, after, live)] == [When.NOW, When.NEXT_START, When.NEXT_START]


def test_a_pc_without_acpi_takes_no_cards_while_it_runs() -> None:
    assert changes_by(also(NEW_DISK), live=limited(has_acpi=False))[Part.DRIVE_ADDED].when is When.NEXT_START
    on_usb = also(replace(NEW_DISK, bus="usb", target="sdz"))
    assert changes_by(on_usb, live=limited(has_acpi=False))[Part.DRIVE_ADDED].when is When.NOW


def test_what_is_made_is_no_longer_left() -> None:
    edit = machine(memory_current=GIB, interfaces=(VIRTUAL_FUNCTION,), drives=(*MACHINE.drives, NEW_DISK))
    changes = plan(MACHINE, edit(MACHINE))
    assert left_to_do(changes, MACHINE) == changes
    made = replace(edit(MACHINE), drives=(*MACHINE.drives, replace(NEW_DISK, was="vdb")))
    assert left_to_do(changes, made) == []


def test_a_device_is_known_by_its_new_name_afterwards() -> None:
    after = replace(drive("vda", bus="sata", target="sdc", serial="S-1")(MACHINE), boot=("vda", CARD.was))
    changes = plan(MACHINE, after)
    assert {change.named for change in changes if change.part in {Part.DRIVE_BUS, Part.DRIVE_SERIAL}} == {"sdc"}
    assert changes[-1].after == ("sdc", CARD.was)


def test_only_what_is_beside_the_definition_is_made_at_a_machine_that_is_off() -> None:
    after = replace(drive("vda", size=20 * GIB)(MACHINE), autostart=True, title="x")
    changes = plan(MACHINE, after)
    assert {change.part for change in at_once(changes, running=False)} == OUTSIDE_DEFINITION
    assert [change.part for change in in_definition(changes)] == [Part.TITLE]


def test_drives_are_named_after_their_bus() -> None:
    assert free_target("virtio", {"vda", "vdb"}) == "vdc"
    every_letter = {f"vd{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"}
    assert free_target("virtio", every_letter) == "vdaa"
    assert on_bus(OLD, "scsi", {"sdb"}).target == "sdb"
    assert on_bus(DISK, "scsi", {"sda", "sdb"}).target == "sdc"


def test_what_a_running_machine_is_not_yet_waits_for_its_next_start() -> None:
    saved = replace(MACHINE, vcpus=8, memory=8 * GIB, memory_current=8 * GIB, drives=(*MACHINE.drives, NEW_DISK))
    changes = waiting(saved, MACHINE)
    assert {change.part for change in changes} == {
        *(Part.VCPUS_MAXIMUM, Part.MEMORY_MAXIMUM, Part.MEMORY, Part.DRIVE_ADDED),
    }
    assert {change.when for change in changes} == {When.NEXT_START}
    assert waiting(MACHINE, MACHINE) == []


def test_memory_that_a_guest_keeps_is_for_it_to_give_whenever_it_starts() -> None:
    assert waiting(replace(MACHINE, memory_current=GIB), MACHINE) == []
    for saved in (replace(MACHINE, memory_current=3 * GIB), replace(MACHINE, memory=GIB, memory_current=GIB)):
        assert Part.MEMORY in {change.part for change in waiting(saved, MACHINE)}
