"""What becomes of a form when somebody else changes the machine meanwhile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.hypervisor.editings import CORPUS
from tests.web.conftest import browser_of
from tests.web.editing import GIB, SAVE, asked, changes_asked, defined, opened, shaped
from vms.models import Definition, Disk, Node, Operation, StoragePool, Vm
from vms.rules.actions import Action, Slot
from vms.rules.differences import Part
from vms.rules.progress import Progress

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture
def vm(add_vm: AddVm, node: Node) -> Vm:
    StoragePool.objects.create(node=node, name="default", folder="/images", capacity=10**12, free=10**11)
    return shaped(add_vm("web1"), "spice-desktop")


def somebody_changes(vm: Vm, **changes: str) -> None:
    xml = CORPUS["spice-desktop"]
    for old, new in changes.items():
        xml = re.sub(old, new, xml)
    assert xml != CORPUS["spice-desktop"]
    defined(vm, xml)


def with_other_vcpus(vm: Vm) -> None:
    somebody_changes(vm, **{r"(<vcpu[^>]*>)2<": r"\g<1>4<"})


@pytest.mark.broad
@pytest.mark.parametrize("step", ["review", "save"])
def test_the_second_of_two_sees_what_the_first_changed_and_keeps_his_own(step: str, browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk", **{"sizes-memory": 640})
    with_other_vcpus(vm)
    answer = page.send(step)
    assert answer.answer.status_code == 409
    assert "web1 was changed after you opened this page" in answer.text
    assert "vCPUs: 2 → 4" in answer.text
    assert "Nothing of yours was saved yet." in answer.text
    assert [answer.shows(name) for name in ("sizes-memory", "sizes-vcpus")] == ["640", "4"]
    assert answer.values["row"] == ["new-disk.0"]
    assert not Operation.objects.exists()


def test_having_looked_at_it_the_second_goes_on(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm)
    with_other_vcpus(vm)
    saved = page.send(**{"sizes-memory": 640}).save()
    assert saved.answer.status_code == 302
    changed = {change.part for change in asked(vm).changes}
    assert (changed, asked(vm).before.vcpus) == ({"memory", "memory_maximum"}, 4)
    assert asked(vm).digest == Definition.objects.get(vm=vm).digest


def test_who_it_was_is_said_if_it_was_done_in_the_panel(browser: Client, vm: Vm, berta: Person) -> None:
    page = opened(browser, vm)
    Operation.objects.create(
        vm=vm,
        action=Action.EDIT,
        slot=Slot.CHANGE,
        progress=Progress.SUCCEEDED,
        requested_by=berta,
        requested_by_name="berta",
        finished_at=timezone.now(),
    )
    with_other_vcpus(vm)
    assert "berta changed web1 after you opened this page" in page.send().text


def test_a_device_that_went_meanwhile_takes_its_changes_along(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm)
    without_drive = re.sub(r"<disk type=.file. device=.cdrom.*?</disk>", "", CORPUS["spice-desktop"], flags=re.DOTALL)
    defined(vm, without_drive)
    answer = page.send(**{"drive.sda-medium": "empty", "sizes-memory": 640})
    assert (answer.answer.status_code, answer.shows("sizes-memory")) == (409, "640")
    assert "CD-ROM sda is taken out" in answer.text


@pytest.mark.parametrize(
    ("own", "words"),
    [({"display_name": "web7"}, "Name: web1 → web7"), ({"notes": "x"}, "Notes"), ({"protected": True}, "protection")],
)
def test_what_is_the_panels_own_is_not_overwritten_either(
    own: dict[str, Any], words: str, browser: Client, vm: Vm
) -> None:
    page = opened(browser, vm)
    Vm.objects.filter(pk=vm.pk).update(**own)
    answer = page.send(**{"general-notes": "mine"})
    assert (answer.answer.status_code, answer.shows("general-notes")) == (409, "mine")
    assert words in answer.text


def test_what_nobody_is_shown_may_change_meanwhile(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm)
    defined(vm, CORPUS["spice-desktop"].replace("<devices>", "<!-- of another tool --><devices>"))
    assert page.save(**{"sizes-memory": 640}).answer.status_code == 302
    assert asked(vm).digest == Definition.objects.get(vm=vm).digest


@pytest.mark.parametrize("token", ["", "x", "e30:AAAA"])
def test_a_form_that_nobody_gave_out_is_shown_anew(token: str, browser: Client, vm: Vm) -> None:
    answer = opened(browser, vm).send("save", opened=token, **{"sizes-memory": 640})
    assert (answer.answer.status_code, answer.shows("sizes-memory")) == (422, "512")
    assert not Operation.objects.exists()


def test_a_form_of_another_machine_is_not_taken(browser: Client, vm: Vm, add_vm: AddVm) -> None:
    other = opened(browser, shaped(add_vm("web2"), "spice-desktop")).values["opened"][0]
    assert opened(browser, vm).send("save", opened=other).answer.status_code == 422


def test_a_disk_that_has_only_been_measured_meanwhile_is_no_change(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm)
    Disk.objects.create(vm=vm, target="vda", device="disk", path="/images/spice-desktop.qcow2", capacity=20 * GIB)
    review = page.send(**{"sizes-memory": 640})
    assert review.answer.status_code == 200
    assert review.send(SAVE).answer.status_code == 302
    assert {change.part for change in changes_asked(vm)} <= {Part.MEMORY, Part.MEMORY_MAXIMUM}
