"""What a person asks to be changed, as it is written down and read again."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.rules.test_hardware import CARD, MACHINE, NEW_CARD, NEW_DISK
from vms.rules.differences import Hindrance, Part, When
from vms.rules.editing import plan
from vms.rules.edits import EditOrder, disturbing_a_job, known_by
from vms.rules.making import DiskPlan

MORE = replace(MACHINE, drives=(*MACHINE.drives, NEW_DISK), description="new")
ORDER = EditOrder(
    MACHINE, MORE, "digest", ("web1", "web2"), ("", "maintenance"), (DiskPlan("vdb", "/new", 5),), 7, "/iso"
)


def test_an_order_comes_back_from_json_as_it_was() -> None:
    assert EditOrder.from_arguments(json.loads(json.dumps(ORDER.as_arguments()))) == ORDER
    plain = EditOrder(MACHINE, MORE, "digest")
    assert EditOrder.from_arguments(json.loads(json.dumps(plain.as_arguments()))) == plain


def test_what_stays_is_not_among_the_arguments() -> None:
    """Whoever asks which operation sets a mode or a name looks for them there."""
    assert not {"mode", "was", "name"} & EditOrder(MACHINE, MORE, "digest").as_arguments().keys()


def test_an_order_without_a_change_is_empty() -> None:
    assert EditOrder(MACHINE, MACHINE, "digest").is_empty
    assert not EditOrder(MACHINE, MACHINE, "digest", display_name=("a", "b")).is_empty
    assert not ORDER.is_empty


def test_in_short_it_is_codes_and_values() -> None:
    found = json.loads(json.dumps(ORDER.in_short()))
    assert [change["part"] for change in found["changes"]] == ["description", "drive_added"]
    assert found["changes"][1]["after"]["source"] == NEW_DISK.source
    assert (found["name"], found["mode"]) == (["web1", "web2"], ["", "maintenance"])


def test_what_goes_keeps_its_name_until_it_has_gone() -> None:
    again = replace(NEW_CARD, mac=CARD.mac.upper())
    found = EditOrder(MACHINE, replace(MACHINE, interfaces=(again,)), "digest").impossible
    assert [(change.part, change.when, change.hindrance) for change in found] == [
        (Part.INTERFACE_ADDED, When.NEVER, Hindrance.NAME_TAKEN)
    ]


def test_only_what_a_job_works_on_disturbs_it() -> None:
    after = replace(
        MACHINE,
        vcpus_current=1,
        drives=tuple(replace(drive, size=2**50) for drive in MACHINE.drives if not drive.is_removable),
    )
    disturbing = disturbing_a_job(EditOrder(MACHINE, after, "digest").changes)
    assert {change.part for change in disturbing} == {Part.DRIVE_SIZE}
    gone = EditOrder(MACHINE, replace(MACHINE, drives=()), "digest").changes
    disks = [drive.was for drive in MACHINE.drives if not drive.is_removable]
    assert known_by(disturbing_a_job(gone)) == [(Part.DRIVE_REMOVED, was) for was in disks]


def test_a_card_that_has_its_slot_leaves_the_others_to_the_next() -> None:
    """The plan is made anew when the first of two is plugged in."""
    cards = tuple(replace(NEW_CARD, mac=f"52:54:00:00:01:0{number}") for number in range(2))
    after = replace(MACHINE, interfaces=(*MACHINE.interfaces, *cards))
    plugged_in = (*MACHINE.interfaces, replace(cards[0], was=cards[0].mac))
    live = replace(MACHINE, interfaces=plugged_in, limits=replace(MACHINE.limits, free_slots=1))
    assert [change.when for change in plan(MACHINE, after, live)] == [When.NOW, When.NOW]
