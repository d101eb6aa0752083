"""What a template may be used for, what it boots from, and how a VM becomes one: over HTTP."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import fresh
from tests.web.conftest import browser_of
from tests.web.editing import Page, asked, opened, shaped, text_of
from vms.models import Disk, Node, Operation, StoragePool, Vm
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Power
from vms.web.addresses import short

pytestmark = pytest.mark.usefixtures("no_hypervisor")

READY, MAINTENANCE = Mode.READY_FOR_USE, Mode.MAINTENANCE
GIB = 1024**3
FOLDER = "/images"


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture
def template(add_vm: AddVm) -> Vm:
    return shaped(with_drives(add_vm("debian", kind=Kind.TEMPLATE, mode=READY, boot_device="hd")), "plain")


def with_drives(vm: Vm) -> Vm:
    for target, device in (("vda", "disk"), ("sda", "cdrom")):
        Disk.objects.create(vm=vm, target=target, device=device)
    return vm


@pytest.fixture
def pool(node: Node) -> StoragePool:
    Node.objects.filter(pk=node.pk).update(memory_total=8 * GIB, memory_free=4 * GIB)
    return StoragePool.objects.create(node=node, name="default", folder=FOLDER, capacity=100 * GIB, free=50 * GIB)


def edit(browser: Client, vm: Vm, mode: str) -> Page:
    """Through the review, as far as it comes."""
    return opened(browser, vm).save(**{"general-mode": mode})


# Edit


def test_the_page_says_what_each_mode_allows_and_who_set_the_present_one(browser: Client, template: Vm, anna: Person):
    text = opened(browser, template).text
    assert "Mode now ready for use" in text
    for sentence in ("VMs can be made from it.", "It is being updated.", "is being installed", "somebody has looked"):
        assert sentence in text
    Vm.objects.filter(pk=template.pk).update(mode_set_at=template.found_at, mode_set_by_name="berta")
    assert "ready for use, set by berta" in opened(browser, template).text


def test_a_template_without_a_mode_says_so(browser: Client, add_vm: AddVm):
    page = opened(browser, shaped(add_vm("debian", kind=Kind.TEMPLATE), "plain"))
    assert "Mode now no mode set" in page.text
    assert "general-mode" not in page.values


def test_saving_asks_for_the_mode(browser: Client, template: Vm):
    review = opened(browser, template).send(**{"general-mode": MAINTENANCE})
    assert review.lines() == ["Mode: ready for use → maintenance mode now"]
    answer = review.send("save").answer
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{template.pk}/")
    operation = Operation.objects.get()
    assert (operation.action, asked(template).mode) == (Action.EDIT, (READY, MAINTENANCE))
    assert fresh(template).mode == READY


def test_a_mode_that_is_set_already_changes_nothing(browser: Client, template: Vm):
    assert edit(browser, template, READY).answer.status_code == 302
    assert not Operation.objects.exists()


@pytest.mark.parametrize("mode", ["", "ready", "READY_FOR_USE", "<b>"])
def test_what_is_no_mode_is_refused(mode: str, browser: Client, template: Vm):
    answer = edit(browser, template, mode)
    assert (answer.answer.status_code, "general-mode" in answer.errors()) == (422, True)
    assert not Operation.objects.exists()


def test_the_second_of_two_people_sees_what_the_first_set(browser: Client, template: Vm):
    page = opened(browser, template)
    Vm.objects.filter(pk=template.pk).update(mode=MAINTENANCE, mode_set_at=template.found_at, mode_set_by_name="berta")
    answer = page.send(**{"general-mode": Mode.DO_NOT_USE})
    assert answer.answer.status_code == 409
    assert "Mode: ready for use → maintenance mode" in answer.text
    assert "Mode now maintenance mode, set by berta" in answer.text
    assert answer.shows("general-mode") == Mode.DO_NOT_USE
    assert not Operation.objects.exists()


def test_its_page_tells_the_mode_and_the_boot_device(browser: Client, template: Vm):
    Vm.objects.filter(pk=template.pk).update(mode_set_at=template.found_at, mode_set_by_name="")
    text = text_of(browser.get(f"/vms/{template.pk}/"))
    assert "Mode ready for use, set by another tool" in text
    assert "Boots from disk" in text


# Toggle


@pytest.mark.parametrize(
    ("now", "icon", "words", "other"),
    [
        ("hd", "i-disk", "Boots from disk. Switch to CD-ROM.", "cdrom"),
        ("", "i-disk", "Boots from disk. Switch to CD-ROM.", "cdrom"),
        ("cdrom", "i-disc", "Boots from CD-ROM. Switch to disk.", "hd"),
    ],
)
def test_the_button_shows_what_it_boots_from(
    now: str, icon: str, words: str, other: str, browser: Client, add_vm: AddVm
):
    template = add_vm("debian", kind=Kind.TEMPLATE, mode=READY, boot_device=now)
    row = browser.get("/templates/").content.decode()
    button = f'class="{icon}" form="act" formaction="/vms/{short(template.pk)}/toggle/{other}/">{words}<'
    assert button in row


def test_pressing_it_asks_for_the_other_one(browser: Client, template: Vm):
    answer = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert answer.status_code == 202
    assert "From its next start on, debian boots from CD-ROM." in text_of(answer)
    operation = Operation.objects.get()
    assert (operation.action, operation.arguments) == (Action.TOGGLE, {"device": "cdrom"})


def test_it_is_no_page_and_other_devices_there_are_none(browser: Client, template: Vm):
    assert browser.get(f"/vms/{template.pk}/toggle/cdrom/").status_code == 405
    assert browser.post(f"/vms/{template.pk}/toggle/network/").status_code == 404
    assert browser.post(f"/vms/{template.pk}/toggle/").status_code == 404


def test_a_template_that_is_ready_and_runs_is_not_toggled(browser: Client, add_vm: AddVm):
    template = with_drives(add_vm("debian", Power.RUNNING, kind=Kind.TEMPLATE, mode=READY))
    answer = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "The template is ready for use. Shut it down to change this." in text_of(answer)


def test_a_running_one_in_maintenance_is(browser: Client, add_vm: AddVm):
    template = with_drives(add_vm("debian", Power.RUNNING, kind=Kind.TEMPLATE, mode=MAINTENANCE))
    assert browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"}).status_code == 202


def test_a_template_that_is_streamed_from_is_not_toggled_and_says_why(browser: Client, template: Vm, add_vm: AddVm):
    add_vm("web1", origin=template, link=Link.STREAMING)
    answer = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert re.search("still streams? from this template", text_of(answer))


def test_nothing_boots_from_a_drive_that_is_not_there(browser: Client, add_vm: AddVm):
    template = add_vm("debian", kind=Kind.TEMPLATE, mode=READY)
    answer = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert (answer.status_code, "has no drive of this kind" in text_of(answer)) == (409, True)


@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING, Power.PAUSED])
@pytest.mark.parametrize("mode", ["", *Mode])
def test_what_the_table_turns_off_is_refused(mode: str, power: Power, browser: Client, add_vm: AddVm):
    """By the tables of the user's document: a state's row AND the mode's."""
    template = shaped(with_drives(add_vm("debian", power, kind=Kind.TEMPLATE, mode=mode)), "plain")
    toggles = power is Power.OFF or (power is Power.RUNNING and mode != READY)
    answer = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert answer.status_code == (202 if toggles else 409)
    Operation.objects.all().delete()
    other = Mode.DO_NOT_USE if mode != Mode.DO_NOT_USE else READY
    assert edit(browser, template, other).answer.status_code == 302
    Operation.objects.all().delete()
    hands_out = power is Power.OFF and mode == READY
    answer = browser.get(f"/vms/{template.pk}/persistent/")
    assert ("Make VMs" in text_of(answer), "is not possible now" in text_of(answer)) == (True, not hands_out)


# Make a template of it


def test_the_page_says_what_follows(browser: Client, vm: Vm, pool: StoragePool):
    text = text_of(browser.get(f"/vms/{vm.pk}/make-template/"))
    assert "web1 leaves the virtual machines and stands among the VM templates" in text
    assert "so do the rights that people were given on it" in text
    assert "web1 stays as it is" in text


def turn(browser: Client, vm: Vm, mode: str = READY) -> Any:
    return browser.post(f"/vms/{vm.pk}/make-template/", {"how": "turn", "turn-mode": mode})


def copy(browser: Client, vm: Vm, pool: StoragePool, name: str = "golden", mode: str = READY) -> Any:
    fields = {"how": "copy", "copy-name": name, "copy-pool": pool.pk, "copy-mode": mode, "key": str(uuid4())}
    return browser.post(f"/vms/{vm.pk}/make-template/", fields)


def test_it_can_become_one_itself(browser: Client, vm: Vm):
    assert turn(browser, vm).status_code == 302
    operation = Operation.objects.get()
    assert (operation.vm_id, operation.action, operation.arguments["mode"]) == (vm.pk, Action.MAKE_TEMPLATE, READY)


@pytest.mark.parametrize("mode", ["", Mode.FIRST_INSTALLATION, Mode.DO_NOT_USE])
def test_a_new_template_is_ready_or_in_maintenance(mode: str, browser: Client, vm: Vm):
    assert turn(browser, vm, mode).status_code == 422
    assert not Operation.objects.exists()


def test_it_can_be_copied_into_one(browser: Client, vm: Vm, pool: StoragePool):
    Disk.objects.create(vm=vm, target="vda", device="disk", path=f"{FOLDER}/web1.qcow2", image_format="qcow2")
    answer = copy(browser, vm, pool)
    template = Vm.objects.get(display_name="golden")
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{template.pk}/")
    assert (template.kind, template.mode, template.mode_set_by_name) == (Kind.TEMPLATE, READY, "anna")
    assert (template.status.name, template.origin_id) == ("Stopped, creating", vm.pk)
    assert fresh(vm).kind == Kind.VM
    refused = browser.post(f"/vms/{template.pk}/toggle/cdrom/", headers={"HX-Request": "true"})
    assert (refused.status_code, "is still being made" in text_of(refused)) == (409, True)


def test_a_name_that_is_taken_stays_in_the_form(browser: Client, vm: Vm, pool: StoragePool):
    answer = copy(browser, vm, pool, name="WEB1")
    assert answer.status_code == 409
    assert "There is a machine of this name already: WEB1" in text_of(answer)
    assert not Operation.objects.exists()


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "x" * 64])
def test_a_name_that_no_machine_can_have(name: str, browser: Client, vm: Vm, pool: StoragePool):
    assert copy(browser, vm, pool, name=name).status_code == 422


def test_a_disk_that_is_no_file_cannot_be_copied(browser: Client, vm: Vm, pool: StoragePool):
    Disk.objects.create(vm=vm, target="vda", device="disk", path="/dev/sdb", image_format="raw")
    Disk.objects.create(vm=vm, target="vdb", device="disk", path="pool/volume", image_format="raw")
    assert "Disk vdb is not an image file" in text_of(browser.get(f"/vms/{vm.pk}/make-template/"))
    assert copy(browser, vm, pool).status_code == 409
    assert not Operation.objects.exists()


@pytest.mark.parametrize("how", ["turn", "copy"])
def test_one_that_runs_is_refused_and_says_why(how: str, browser: Client, running_vm: Vm, pool: StoragePool):
    assert "must be stopped" in text_of(browser.get(f"/vms/{running_vm.pk}/make-template/"))
    answer = turn(browser, running_vm) if how == "turn" else copy(browser, running_vm, pool)
    assert answer.status_code == 409
    assert "must be stopped" in text_of(answer)
    assert not Operation.objects.exists()


def test_one_that_needs_its_template_is_refused_and_names_it(browser: Client, template: Vm, add_vm: AddVm):
    vm = add_vm("web1", origin=template, link=Link.LINKED)
    answer = turn(browser, vm)
    assert (answer.status_code, "still need the template" in text_of(answer)) == (409, True)
    page = browser.get(f"/vms/{vm.pk}/")
    assert "Made from debian" in text_of(page)
    assert "Its disks still need debian" in text_of(page)
    assert f'<a href="/vms/{template.pk}/">debian</a>' in page.content.decode()


def test_it_leaves_the_list_of_vms_that_is_open(browser: Client, vm: Vm):
    assert "/vms/rows/?kind=vm&amp;columns=" in browser.get("/vms/").content.decode()
    rows = f"/vms/rows/?id={vm.pk}&kind="
    assert "web1" in text_of(browser.get(f"{rows}vm"))
    Vm.objects.filter(pk=vm.pk).update(kind=Kind.TEMPLATE)
    assert text_of(browser.get(f"{rows}vm")).strip() == ""
    assert "web1" in text_of(browser.get(f"{rows}template"))


def test_a_template_cannot_become_one_again(browser: Client, template: Vm):
    answer = browser.get(f"/vms/{template.pk}/make-template/")
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{template.pk}/")


# Rights


@pytest.mark.parametrize("path", ["edit/", "toggle/cdrom/", "make-template/"])
def test_who_may_only_operate_machines_changes_none(
    path: str, template: Vm, add_vm: AddVm, otto: Person, nobody: Person
):
    vm = add_vm("web1") if path == "make-template/" else template
    fields = {"how": "turn", "turn-mode": READY, "general-mode": MAINTENANCE}
    assert browser_of(otto).post(f"/vms/{vm.pk}/{path}", fields).status_code == 403
    assert browser_of(nobody).post(f"/vms/{vm.pk}/{path}", fields).status_code == 404
    assert not Operation.objects.exists()
    assert "i-pencil" not in browser_of(otto).get("/templates/").content.decode()
