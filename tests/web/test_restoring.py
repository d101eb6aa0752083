"""The pages on which a backup is brought back: what they say before, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Person
from tests.operations.restoring import FOLDER, add_backup
from tests.operations.streaming import GIB, add_origin, pool_of
from tests.operations.working import fresh
from tests.web.conftest import browser_of
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, Disk, Node, Operation, StoragePool, Vm
from vms.rules.actions import Action
from vms.rules.backups import BackupState, Consistency
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power

CONFLICT, INVALID = 409, 422


@pytest.fixture
def backup(node: Node, alpha: FakeNode) -> Backup:
    vm = add_origin(node, alpha, kind=Kind.VM, name="web1")
    vm.disks.update(made_by_panel=True)
    pool_of(node)
    give_memory()
    return add_backup(vm, alpha)


def give_memory() -> None:
    Node.objects.update(memory_free=8 * GIB, memory_total=16 * GIB)


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def in_place(backup: Backup) -> str:
    return reverse("backups:restore", args=[backup.pk])


def as_new(backup: Backup) -> str:
    return reverse("backups:restore_as_new", args=[backup.pk])


def filled_in(backup: Backup, **values: Any) -> Mapping[str, Any]:
    return {"pool": pool_of(backup.vm.node).pk, "limit": 5, "name": "web1", **values}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# In place


def test_the_page_says_what_becomes_of_each_disk(browser: Client, backup: Backup) -> None:
    Disk.objects.create(vm=backup.vm, target="vdb", device="disk", path="/images/more.qcow2")
    page = text_of(browser.get(in_place(backup)))
    assert "1 GiB from the backup. What is in the disk now is deleted in the end." in page
    assert "The machine loses vdb; its image stays where it is." in page
    assert "web1 becomes what it was then" in page
    assert "The machine was off, so its disks were complete." in page


def test_a_disk_that_the_panel_did_not_make_is_said_to_stay(browser: Client, backup: Backup) -> None:
    backup.vm.disks.update(made_by_panel=False)
    assert "The image that it has now is no longer used, but stays." in text_of(browser.get(in_place(backup)))


def test_with_its_name_typed_it_is_restored(browser: Client, backup: Backup) -> None:
    answer = browser.post(in_place(backup), filled_in(backup), follow=True)
    assert "web1 is being restored." in text_of(answer)
    operation = Operation.objects.get()
    assert (operation.action, operation.limit) == (Action.RESTORE, 5 * 1024 * 1024)
    assert operation.arguments["backup"] == backup.pk
    assert fresh(backup.vm).status.name == "Stopped, restoring"
    assert "[0.0 %]" in text_of(browser.get("/vms/"))


@pytest.mark.parametrize("name", ["", "web2", "WEB1"])
def test_without_it_nothing_happens(browser: Client, backup: Backup, name: str) -> None:
    answer = browser.post(in_place(backup), filled_in(backup, name=name))
    assert answer.status_code == INVALID
    assert not Operation.objects.exists()


def test_memory_is_offered_only_where_there_is_some(browser: Client, backup: Backup) -> None:
    assert "With its memory" not in text_of(browser.get(in_place(backup)))
    Backup.objects.update(consistency=Consistency.WITH_MEMORY)
    assert "With its memory" in text_of(browser.get(in_place(backup)))
    browser.post(in_place(backup), filled_in(backup, with_memory="on"))
    assert Operation.objects.get().arguments["with_memory"]


def test_the_page_says_why_it_is_not_possible_now(browser: Client, backup: Backup) -> None:
    Vm.objects.filter(pk=backup.vm_id).update(power=Power.RUNNING, wanted="running")
    page = text_of(browser.get(in_place(backup)))
    assert "must be stopped" in page
    assert '<form class="form"' not in page
    assert browser.post(in_place(backup), filled_in(backup)).status_code == CONFLICT
    assert not Operation.objects.exists()


def test_a_damaged_one_is_refused_with_a_sentence(browser: Client, backup: Backup) -> None:
    Backup.objects.update(state=BackupState.DAMAGED)
    assert "is damaged or not complete" in text_of(browser.get(in_place(backup)))
    answer = browser.post(in_place(backup), filled_in(backup))
    assert answer.status_code == CONFLICT
    assert "is damaged or not complete" in text_of(answer)


def test_a_deleted_machine_is_not_restored_in_place(browser: Client, backup: Backup) -> None:
    Vm.objects.update(deleted_at=timezone.now())
    assert browser.get(in_place(backup)).status_code == 404
    assert browser.get(as_new(backup)).status_code == 200


def test_stopping_it_is_asked_about_in_its_own_words(browser: Client, backup: Backup) -> None:
    browser.post(in_place(backup), filled_in(backup))
    operation = Operation.objects.get()
    page = text_of(browser.get(reverse("operations:stop", args=[operation.pk])))
    assert "Stop restoring web1?" in page
    assert "web1 will be as it was before." in page
    answer = browser.post(reverse("operations:stop", args=[operation.pk]), follow=True)
    assert "The restoring of web1 is being stopped." in text_of(answer)


# As a new machine


def test_a_new_machine_is_made_of_it(browser: Client, backup: Backup) -> None:
    assert "host names and fixed addresses then exist twice" in text_of(browser.get(as_new(backup)))
    answer = browser.post(as_new(backup), filled_in(backup, name="web2", network="=", start="on"), follow=True)
    assert "web2 is being made." in text_of(answer)
    operation = Operation.objects.get()
    assert (operation.action, operation.arguments["backup"]) == (Action.RESTORE_AS_NEW, backup.pk)
    assert (operation.arguments["network"], operation.arguments["start"]) == (None, True)
    assert fresh(operation.vm).status.name == "Stopped, restoring"


def test_a_network_can_be_chosen(browser: Client, backup: Backup, node: Node) -> None:
    node.networks.get_or_create(name="default")
    browser.post(as_new(backup), filled_in(backup, name="web2", network="default"))
    assert Operation.objects.get().arguments["network"] == "default"


def test_a_name_that_is_taken_is_said_at_its_field(browser: Client, backup: Backup) -> None:
    answer = browser.post(as_new(backup), filled_in(backup, network="="))
    assert answer.status_code == CONFLICT
    assert "id_name_error" in text_of(answer)
    assert not Operation.objects.exists()


def test_only_nodes_with_its_folder_are_offered(browser: Client, backup: Backup, second_node: Node) -> None:
    pool_of(second_node)
    give_memory()
    assert "beta" not in text_of(browser.get(as_new(backup)))
    StoragePool.objects.create(node=second_node, name="backups", folder=FOLDER)
    assert "beta" in text_of(browser.get(as_new(backup)))


def test_without_such_a_node_the_page_says_so(browser: Client, backup: Backup) -> None:
    StoragePool.objects.filter(folder=FOLDER).delete()
    page = text_of(browser.get(as_new(backup)))
    assert "No node has a storage pool with the folder of this backup." in page
    assert '<form class="form"' not in page


def test_a_template_comes_back_in_a_chosen_mode(browser: Client, node: Node, alpha: FakeNode) -> None:
    backup = add_backup(add_origin(node, alpha), alpha)
    give_memory()
    values = filled_in(backup, name="debian-2", network="=")
    assert browser.post(as_new(backup), values).status_code == INVALID
    browser.post(as_new(backup), {**values, "mode": Mode.MAINTENANCE})
    made = Vm.objects.get(display_name="debian-2")
    assert (made.kind, made.mode) == (Kind.TEMPLATE, Mode.MAINTENANCE)


@pytest.mark.parametrize("address", [in_place, as_new])
def test_who_may_not_is_told_so(otto: Person, backup: Backup, address: Any) -> None:
    assert browser_of(otto).get(address(backup)).status_code == 403
    assert browser_of(otto).post(address(backup), filled_in(backup)).status_code == 403


@pytest.mark.parametrize("address", [in_place, as_new])
def test_who_does_not_see_the_machine_does_not_see_its_backup(nobody: Person, backup: Backup, address: Any) -> None:
    assert browser_of(nobody).get(address(backup)).status_code == 404
