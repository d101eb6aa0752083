"""What stands against a change, and where it is said."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.editing import GIB, MIB, asked, key, opened, shaped
from vms.models import AuditLine, Disk, Interface, Network, Node, Operation, StoragePool, StoredFile, Vm
from vms.rules.actions import Action, Slot
from vms.rules.audit import Outcome
from vms.rules.power import Power

pytestmark = pytest.mark.usefixtures("no_hypervisor")

NIC = "nic.52:54:00:10:00:1c"
NEW = "new-disk.0"


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture(autouse=True)
def pool(node: Node) -> StoragePool:
    Node.objects.filter(pk=node.pk).update(memory_total=8 * GIB, memory_free=1 * GIB, cpus=2)
    Network.objects.create(node=node, name="default")
    return StoragePool.objects.create(node=node, name="default", folder="/images", capacity=100 * GIB, free=50 * GIB)


@pytest.fixture
def vm(add_vm: AddVm) -> Vm:
    machine = shaped(add_vm("web1"), "spice-desktop")
    Disk.objects.create(vm=machine, target="vda", device="disk", path="/images/spice-desktop.qcow2", capacity=20 * GIB)
    return machine


@pytest.fixture
def other(add_vm: AddVm) -> Vm:
    machine = add_vm("db1")
    Disk.objects.create(vm=machine, target="vda", device="disk", path="/images/db1.qcow2")
    Interface.objects.create(vm=machine, position=0, mac="52:54:00:DB:00:01", source_type="network", source="default")
    return machine


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"general-name": ""}, "general-name", "required"),
    ({"general-name": "x" * 64}, "general-name", "63"),
    ({"general-name": "we\u200bb"}, "general-name", "invisible"),
    ({"general-name": "DB1"}, "general-name", "There is a machine of this name already: DB1"),
    ({"sizes-memory": ""}, "sizes-memory", "required"),
    ({"sizes-memory": "lots"}, "sizes-memory", "whole number"),
    ({"sizes-memory": 0}, "sizes-memory", "1"),
    ({"sizes-memory": 9000}, "sizes-memory", "Node alpha has 8 GiB of memory in all."),
    ({"sizes-memory": 900, "sizes-memory_maximum": 800}, "sizes-memory", "more than the maximum"),
    ({"sizes-vcpus": 3, "sizes-vcpus_maximum": 2}, "sizes-vcpus", "more than the maximum"),
    ({"disk.vda-size": 19}, "disk.vda-size", "A disk can only grow"),
    ({"disk.vda-size": 71}, "disk.vda-size", "50 GiB free, and the disk would grow by 51 GiB"),
    ({"disk.vda-serial": "ä"}, "disk.vda-serial", "not possible here"),
    ({"disk.vda-bus": "sata", "disk.vda-read_only": "on"}, "disk.vda-bus", "cannot be like that"),
    ({"disk.vda-bus": "floppy"}, "disk.vda-bus", "not one of the available choices"),
    ({"drive.sda-medium": "path", "drive.sda-path": ""}, "drive.sda-path", "required"),
    ({"drive.sda-medium": "path", "drive.sda-path": "/etc/passwd"}, "drive.sda-path", "no file in a storage pool"),
    ({"drive.sda-medium": "path", "drive.sda-path": "/images/../a"}, "drive.sda-path", "no file in a storage pool"),
    ({f"{NIC}-mac": "52:54:00"}, f"{NIC}-mac", "not possible here"),
    ({f"{NIC}-mac": "53:54:00:00:00:01"}, f"{NIC}-mac", "not possible here"),
    ({f"{NIC}-mac": "52:54:00:db:00:01"}, f"{NIC}-mac", "in use by db1"),
    ({f"{NIC}-plug": "bridge", f"{NIC}-bridge": ""}, f"{NIC}-bridge", "required"),
    ({f"{NIC}-plug": "network:nowhere"}, f"{NIC}-plug", "not one of the available choices"),
    ({"boot-kind0": "hd", "boot-kind1": "hd"}, "boot-by", "in two places"),
    ({"boot-kind0": "-"}, "boot-by", "Choose what"),
    ({"boot-by": "devices", "boot-device0": "-"}, "boot-by", "Choose what"),
    ({"devices-watchdog": "explode"}, "devices-watchdog", "not one of the available choices"),
]


@pytest.mark.parametrize(("fields", "field", "sentence"), WRONG, ids=[f"{field}: {words}" for _, field, words in WRONG])
def test_what_is_wrong_is_said_at_its_field(
    fields: dict[str, Any], field: str, sentence: str, browser: Client, vm: Vm, other: Vm
) -> None:
    answer = opened(browser, vm).send(**fields)
    assert answer.answer.status_code == 422
    assert sentence in answer.errors()[field]
    assert all(answer.shows(name) == str(value) for name, value in fields.items() if f'"{value}"' in answer.text)
    assert not Operation.objects.exists()


NEW_DISKS: list[tuple[dict[str, Any], str, str]] = [
    ({"size": ""}, "size", "required"),
    ({"source": "path", "path": "", "format": "raw"}, "path", "required"),
    ({"source": "path", "path": "/images/a.raw"}, "format", "required"),
    ({"source": "path", "path": "/dev/sda", "format": "raw"}, "path", "no file in a storage pool"),
    ({"source": "path", "path": "/images/db1.qcow2", "format": "qcow2"}, "path", "in use by db1"),
    ({"source": "path", "path": "/images/spice-desktop.qcow2", "format": "qcow2"}, "path", "in use by web1"),
]


@pytest.mark.broad
@pytest.mark.parametrize(("fields", "field", "sentence"), NEW_DISKS)
def test_a_new_disk_is_looked_at_too(
    fields: dict[str, Any], field: str, sentence: str, browser: Client, vm: Vm, other: Vm
) -> None:
    page = opened(browser, vm).send("add:new-disk")
    answer = page.send(**{f"{NEW}-{name}": value for name, value in fields.items()})
    assert answer.answer.status_code == 422
    assert sentence in answer.errors()[f"{NEW}-{field}"]


def test_nothing_that_was_typed_is_lost(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk")
    answer = page.send(**{"sizes-memory": "lots", "general-notes": "a <b>", f"{NEW}-size": 7, "boot-kind0": "network"})
    kept = [answer.shows(name) for name in ("sizes-memory", "general-notes", f"{NEW}-size", "boot-kind0")]
    assert kept == ["lots", "a <b>", "7", "network"]
    assert "Nothing was saved. These fields need another look: Memory in MiB" in answer.text


def test_a_new_row_is_not_complained_about(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk", **{"sizes-memory": "lots"})
    assert (page.answer.status_code, page.errors(), page.shows("sizes-memory")) == (200, {}, "lots")


def test_what_is_wrong_with_what_goes_does_not_matter(browser: Client, vm: Vm) -> None:
    fields = {"drive.sda-away": "on", "drive.sda-medium": "path", "drive.sda-path": "nonsense"}
    assert opened(browser, vm).send(**fields).answer.status_code == 200


def test_a_row_that_makes_no_sense_is_left_out(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm)
    for row in ("new-disk", "new-disk.x", "disk.0", "new-disk.99999999999999999999", "<b>.1"):
        assert page.send(row=row).answer.status_code == 302


# What cannot be changed


CANNOT: list[tuple[str, str, str]] = [
    ("numa-cells", "sizes-memory_maximum", "NUMA cells"),
    ("no-balloon", "sizes-memory_maximum", "no memory balloon"),
    ("tuned-vcpus", "sizes-vcpus_maximum", "laid out"),
    ("vcpus-one-by-one", "sizes-vcpus", "laid out"),
    ("uefi-variables-on-the-net", "devices-firmware", "variables of its own"),
    ("arm-virt", "devices-firmware", "no such firmware"),
    ("rbd-disk", "disk.vda-size", "not known now"),
    ("sr-iov", "nic.52:54:00:10:04:01-plug", "belongs to the node"),
]


@pytest.mark.parametrize(("shape", "field", "sentence"), CANNOT)
def test_what_cannot_be_changed_is_off_and_says_why(
    shape: str, field: str, sentence: str, browser: Client, add_vm: AddVm
) -> None:
    page = opened(browser, shaped(add_vm("web2"), shape))
    (control,) = page.form.xpath(f'.//*[@name="{field}"]')
    assert control.get("disabled") is not None
    assert sentence in page.form.xpath(f'.//*[@id="id_{field}_helptext"]')[0].text_content()
    assert page.send(**{field: "1"}).answer.status_code == 302


def test_what_the_panel_leaves_as_it_is_is_listed(browser: Client, add_vm: AddVm) -> None:
    text = opened(browser, shaped(add_vm("web2"), "passed-through")).text
    assert "the panel leaves as it is: devices of the node" in text


def test_without_a_balloon_memory_is_changed_in_one_field(browser: Client, add_vm: AddVm) -> None:
    vm = shaped(add_vm("web2"), "no-balloon")
    opened(browser, vm).save(**{"sizes-memory": 700})
    assert (asked(vm).after.memory, asked(vm).after.memory_current) == (700 * MIB, 700 * MIB)


def test_a_limit_of_the_definition_is_said_where_it_was_exceeded(browser: Client, add_vm: AddVm) -> None:
    vm = shaped(add_vm("web2"), "room-for-modules")
    answer = opened(browser, vm).send(**{"sizes-memory": 8000})
    assert "has a limit below that" in answer.errors()["sizes-memory"]


def test_while_a_job_works_on_the_disks_they_stay_as_they_are(browser: Client, running_vm: Vm, node: Node) -> None:
    vm = shaped(running_vm, "everything-at-once", running=True)
    page = opened(browser, vm)
    Operation.objects.create(vm=vm, node=node, action=Action.STREAM, slot=Slot.JOB)
    answer = page.send(**{"disk.vda-away": "on"})
    assert answer.answer.status_code in {409, 422}
    assert not Operation.objects.filter(action=Action.EDIT).exists()


# What should be known before


@pytest.mark.broad
def test_the_review_warns(browser: Client, vm: Vm, pool: StoragePool) -> None:
    page = opened(browser, vm).send("add:new-disk")
    fields = {"sizes-memory": 4096, "sizes-vcpus": 3, "disk.vda-away": "on", f"{NEW}-size": 60, "boot-kind0": "cdrom"}
    text = page.send(**fields).text
    assert "Node alpha has 1 GiB of memory free, and 4 GiB are needed." in text
    assert "Node alpha has 2 CPUs" in text
    assert "It stays at /images/spice-desktop.qcow2." in text
    assert "Storage pool default has 50 GiB free, and the new disk can grow to 60 GiB." in text


# When it is not possible


def test_while_it_is_being_changed_the_page_says_who_does_it(browser: Client, vm: Vm, berta: Person) -> None:
    mine = opened(browser, vm)
    opened(browser_of(berta), vm).save(**{"sizes-memory": 640})
    assert "Edit by berta since" in opened(browser, vm).text
    answer = mine.send(**{"sizes-vcpus": 1})
    assert (answer.answer.status_code, answer.shows("sizes-vcpus")) == (409, "1")
    assert "is just being changed" in answer.text


def test_the_same_page_saved_twice_is_one_wish(browser: Client, vm: Vm) -> None:
    review = opened(browser, vm).send(**{"sizes-memory": 640})
    for _ in range(2):
        answer = review.send("save")
        assert (answer.answer.status_code, answer.answer["Location"]) == (302, f"/vms/{vm.pk}/")
    assert Operation.objects.count() == 1


def test_a_save_without_a_review_is_judged_all_the_same(browser: Client, vm: Vm) -> None:
    assert opened(browser, vm).send("save", key=key(), **{"disk.vda-size": 1}).answer.status_code == 422
    assert opened(browser, vm).send("save", key=key(), **{"disk.vda-size": 21}).answer.status_code == 302


def test_a_machine_that_nobody_has_read_cannot_be_edited_yet(browser: Client, add_vm: AddVm) -> None:
    vm = add_vm("web2")
    assert "has not read the definition of web2 yet" in opened(browser, vm).text
    assert browser.post(f"/vms/{vm.pk}/edit/").status_code == 409


def test_a_machine_of_a_lost_node_says_so(browser: Client, add_vm: AddVm, node: Node) -> None:
    Node.objects.filter(pk=node.pk).update(reachable=False)
    vm = shaped(add_vm("web2", Power.UNKNOWN), "plain")
    assert "Edit of web2 is not possible now" in opened(browser, vm).text


def test_an_uploaded_image_that_went_meanwhile_is_said(browser: Client, vm: Vm) -> None:
    file = StoredFile.objects.create(name="a.iso", kind="iso", size=1, capacity=1, sha256="ab" * 32, file_name="a")
    review = opened(browser, vm).send(**{"drive.sda-medium": f"file:{file.pk}"})
    file.delete()
    answer = review.send("save")
    assert answer.answer.status_code == 422
    assert "not one of the available choices" in answer.errors()["drive.sda-medium"]


def test_who_may_only_operate_edits_nothing(vm: Vm, otto: Person, nobody: Person) -> None:
    for person, status in ((otto, 403), (nobody, 404)):
        assert browser_of(person).get(f"/vms/{vm.pk}/edit/").status_code == status
        assert browser_of(person).post(f"/vms/{vm.pk}/edit/").status_code == status


def test_who_has_only_looked_has_asked_for_nothing(browser: Client, vm: Vm) -> None:
    page = opened(browser, vm).send("add:new-disk").send(**{"sizes-memory": 640})
    lines = AuditLine.objects.filter(request=Action.EDIT)
    assert not lines.exists()
    page.send("save")
    assert [line.outcome for line in lines.all()] == [Outcome.ACCEPTED]
