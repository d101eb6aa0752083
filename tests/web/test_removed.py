"""What was removed meanwhile says so on its page, by whom and when, and never as an error."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.web.conftest import browser_of
from vms.models import Node, Vm
from vms.operations.nodes import remove_node
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def test_the_page_of_a_deleted_machine_says_who_deleted_it(browser: Client, vm: Vm, anna: Person) -> None:
    request_action(vm, Order(Action.DELETE, {"disks": []}), by=anna)
    Vm.objects.update(deleted_at=timezone.now())
    page = browser.get(f"/vms/{vm.pk}/", follow=True)
    text = page.content.decode()
    assert (page.status_code, page.redirect_chain) == (200, [(f"/vms/{vm.pk}/removed/", 302)])
    assert "This machine was deleted" in text
    assert "anna deleted it from node alpha (" in text
    assert "Delete was asked for by anna" in text


def test_a_machine_whose_deletion_nobody_remembers_was_deleted_all_the_same(browser: Client, vm: Vm) -> None:
    Vm.objects.update(deleted_at=timezone.now())
    assert "This machine was deleted" in browser.get(f"/vms/{vm.pk}/", follow=True).content.decode()


def test_a_machine_that_is_there_was_not_removed(browser: Client, vm: Vm, node: Node) -> None:
    assert browser.get(f"/vms/{vm.pk}/removed/").status_code == 404
    assert browser.get(f"/nodes/{node.pk}/removed/").status_code == 404


def test_the_page_of_a_removed_node_says_who_removed_it(browser: Client, node: Node, administrator: Person) -> None:
    key = node.pk
    remove_node(node, by=administrator)
    page = browser.get(f"/nodes/{key}/", follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [(f"/nodes/{key}/removed/", 302)])
    assert "ada removed node alpha from the panel" in page.content.decode()
