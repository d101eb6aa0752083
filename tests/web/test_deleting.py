"""The question before a machine is deleted: what becomes of each of its disks, and who else has it."""

from __future__ import annotations

from typing import Any

import lxml.html
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Disk, Node, Operation, Vm
from vms.operations.describing import protect
from vms.web.presenters.deleting import fates_of_disks

pytestmark = pytest.mark.django_db

GIB = 1024**3


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def add_disk(vm: Vm, target: str, path: str, *, ours: bool = False, device: str = "disk") -> None:
    Disk.objects.create(
        vm=vm, target=target, device=device, path=path, made_by_panel=ours, capacity=3 * GIB, allocation=GIB
    )


@pytest.fixture
def vm_with_disks(vm: Vm) -> Vm:
    add_disk(vm, "vda", "/images/ours", ours=True)
    add_disk(vm, "vdb", "/images/theirs")
    add_disk(vm, "vdc", "/images/both", ours=True)
    add_disk(vm, "vdd", "/images/theirs-and-both")
    add_disk(vm, "sda", "/images/debian.iso", device="cdrom")
    add_disk(vm, "sdb", "", device="cdrom")
    return vm


@pytest.fixture
def others(add_vm: AddVm, vm_with_disks: Vm, second_node: Node) -> list[Vm]:
    """One of them on another node."""
    found = [add_vm("web-02"), Vm.objects.create(name="web-03", display_name="web-03", node=second_node)]
    for other in found:
        add_disk(other, "vda", "/images/both")
    add_disk(found[0], "vdb", "/images/theirs-and-both")
    return found


def question(browser: Client, vm: Vm) -> Any:
    return lxml.html.fromstring(browser.get(f"/vms/{vm.pk}/delete/").content.decode())


def staying(page: Any) -> list[str]:
    return [" ".join(each.text_content().split()) for each in page.xpath("//form//li")]


def test_all_disks_are_listed_with_what_becomes_of_them(browser: Client, vm_with_disks: Vm, others: list[Vm]) -> None:
    page = question(browser, vm_with_disks)
    assert page.xpath("//input[@name='keep']/@value") == ["vda"]
    (going,) = page.xpath("//input[@name='keep']/..")
    assert " ".join(going.text_content().split()) == "Keep vda 3 GiB, 1 GiB used/images/ours"
    assert staying(page) == [
        "sda 3 GiB · stays: only lies in the drive/images/debian.iso",
        "vdb 3 GiB, 1 GiB used · stays: not made by the panel/images/theirs",
        "vdc 3 GiB, 1 GiB used · stays: also used by web-02, web-03/images/both",
        "vdd 3 GiB, 1 GiB used · stays: not made by the panel, also used by web-02/images/theirs-and-both",
    ]


def test_what_is_said_to_stay_is_not_asked_to_go(browser: Client, vm_with_disks: Vm, others: list[Vm]) -> None:
    browser.post(f"/vms/{vm_with_disks.pk}/delete/")
    assert Operation.objects.get().arguments == {"disks": ["/images/ours"]}


def test_what_is_to_be_kept_is_kept(browser: Client, vm_with_disks: Vm) -> None:
    browser.post(f"/vms/{vm_with_disks.pk}/delete/", {"keep": "vda"})
    assert Operation.objects.get().arguments == {"disks": ["/images/both"]}


def test_machines_that_the_reader_must_not_see_are_not_named(
    vm_with_disks: Vm, others: list[Vm], nobody: Person
) -> None:
    stays = {disk.target: (disk.stays, disk.path) for disk in fates_of_disks(vm_with_disks, nobody).staying}
    assert stays["vdc"] == ("stays: also used by 2 other machines", "")
    assert stays["vdd"] == ("stays: not made by the panel, also used by another machine", "")


def test_it_costs_the_same_however_many_share_its_disks(
    add_vm: AddVm, vm_with_disks: Vm, others: list[Vm], anna: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        add_disk(add_vm(f"more-{number}"), "vda", "/images/both")
        add_disk(vm_with_disks, f"vdx{number}", f"/images/{number}", ours=True)
    viewer = Person.objects.get(pk=anna.pk)
    viewer.has_perm("vms.view_every_vm")
    with django_assert_num_queries(4):
        fates = fates_of_disks(vm_with_disks, viewer)
    assert "and 12 more" in next(it.stays for it in fates.staying if it.target == "vdc")


def test_a_protected_machine_is_not_asked_about_but_says_what_to_do(browser: Client, vm: Vm, anna: Person) -> None:
    protect(vm, True, by=anna)
    page = question(browser, vm)
    assert "Take the protection off in Edit first." in page.text_content()
    assert not page.xpath("//*[@data-dialog-body]//form")
    assert browser.post(f"/vms/{vm.pk}/delete/", headers={"HX-Request": "true"}).status_code == 409
    assert not Operation.objects.exists()


@pytest.mark.parametrize("where", ["/vms/{pk}/", "/vms/?open={pk}"])
def test_its_protection_is_a_fact_on_its_page_and_behind_the_plus(
    browser: Client, vm: Vm, anna: Person, where: str
) -> None:
    url, words = where.format(pk=vm.pk), "on: nobody can delete it"
    assert words not in browser.get(url).content.decode()
    protect(vm, True, by=anna)
    page = browser.get(url).content.decode()
    assert words in page
    assert 'popovertarget="is_protected"' in page


def test_the_page_of_states_speaks_of_it(browser: Client) -> None:
    page: Any = lxml.html.fromstring(browser.get("/states/").content.decode())
    (lead,) = page.xpath("//p[@class='page__lead']")
    assert "Delete is off in every state" in lead.text_content()
