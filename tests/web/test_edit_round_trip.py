"""A form that is opened and sent as it is changes nothing, whatever the machine; each field changes what it names."""

from __future__ import annotations

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.hypervisor.editings import CORPUS
from tests.web.conftest import browser_of
from tests.web.editing import opened, shaped
from vms.models import Disk, Network, Node, Operation, StoragePool, Vm
from vms.rules.power import Power

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture(autouse=True)
def offer(node: Node) -> None:
    StoragePool.objects.create(node=node, name="default", folder="/images", capacity=10**12, free=10**11)
    Network.objects.create(node=node, name="default")


def with_sizes(vm: Vm) -> Vm:
    """So that what disks hold can be told and grown."""
    for drive in Vm.objects.get(pk=vm.pk).definition.hardware["drives"]:
        if drive["device"] == "disk" and drive["source"]:
            Disk.objects.create(vm=vm, target=drive["target"], device="disk", path=drive["source"], capacity=123456789)
    return vm


@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING])
@pytest.mark.parametrize("name", CORPUS)
def test_saving_what_was_shown_changes_nothing(name: str, power: Power, browser: Client, add_vm: AddVm) -> None:
    vm = with_sizes(shaped(add_vm("web1", power), name, running=power is Power.RUNNING))
    page = opened(browser, vm)
    assert page.answer.status_code == 200
    sent = page.send()
    assert (sent.answer.status_code, sent.errors(), sent.lines()) == (302, {}, [])
    assert not Operation.objects.exists()


@pytest.mark.broad
@pytest.mark.parametrize("name", ["plain", "everything-at-once", "ide-and-floppy", "s390x-ccw", "nothing-in-it"])
def test_a_row_that_is_added_and_left_out_again_changes_nothing(name: str, browser: Client, add_vm: AddVm) -> None:
    page = opened(browser, shaped(add_vm("web1"), name))
    for kind in ("new-disk", "new-drive", "new-nic"):
        page = page.send(f"add:{kind}")
    assert page.values["row"] == ["new-disk.0", "new-drive.1", "new-nic.2"]
    for row in page.values["row"]:
        page = page.send(f"drop:{row}")
    assert page.send().answer.status_code == 302
    assert not Operation.objects.exists()
