"""Making VMs from a template, and cloning a stopped one: the form, what would happen, and the promise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import AddVm
from tests.web.copying import (
    Ask,
    ask,
    browser,
    made,
    places,
    plain_text_of,
    stopped_vm,
    template,
    text_of,
    with_hardware,
)
from vms.models import Interface, Network, Node, Operation, StoragePool, Vm
from vms.rules.actions import Action
from vms.rules.power import Power
from vms.web.addresses import short

MIB, GIB = 1024**2, 1024**3
FOUND = 302

__all__ = ["ask", "browser", "places", "stopped_vm", "template"]

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def test_the_form_proposes_the_node_with_most_free_memory_and_the_templates_sizes(
    browser: Client, template: Vm
) -> None:
    page = text_of(browser.get(f"/vms/{template.pk}/persistent/"))
    assert re.search(r'<option value="beta" selected>\s*beta, 12 GiB of memory free', page)
    assert re.search(r'<optgroup label="beta">\s*<option value="\d+" selected>\s*shared, 50 GiB free', page)
    assert re.search(r'name="memory" value="2048"', page)
    assert re.search(r'name="vcpus" value="2"', page)
    assert "vda keeps its 20 GiB" in page
    assert "As debian-12: network default" in page
    assert "lab (alpha)" in page
    assert "default (alpha, beta)" in page
    assert "Not possible at the moment" not in page


def test_it_says_why_the_other_nodes_are_out(browser: Client, template: Vm, node: Node, second_node: Node) -> None:
    Node.objects.filter(pk=second_node.pk).update(duty="maintenance", memory_free=1 * GIB)
    StoragePool.objects.filter(node=second_node).update(shared=False)
    Network.objects.filter(node=second_node).delete()
    page = plain_text_of(browser.get(f"/vms/{template.pk}/persistent/"))
    assert "Node beta is in maintenance: nothing new is made there." in page
    assert "Node beta does not see the disks of debian-12" in page
    assert "Node beta has 1 GiB of memory free, and 2 GiB are needed." in page
    assert "Node beta does not have the network default." in page
    StoragePool.objects.filter(node=second_node).delete()
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    page = plain_text_of(browser.get(f"/vms/{template.pk}/persistent/"))
    assert "Node beta cannot be reached." in page
    assert "Node beta has no storage pool that images can be made in." in page


def test_what_will_happen_is_shown_and_nothing_is_done(ask: Ask) -> None:
    answer = ask(name="web-%02d", count=3, first=9, start="on", limit=20)
    page = plain_text_of(answer)
    assert answer.status_code == 200
    assert "web-09 web-10 web-11" in page
    assert "3 × 2 GiB of 12 GiB that are free" in page
    assert "grow by what is copied: 6 GiB in all. 50 GiB are free there." in page
    assert "They start at once" in page
    assert "The template debian-12 can be neither started nor deleted until all of them have finished." in page
    assert "vda: 20 GiB" in page
    assert "20 MiB/s" in page
    assert "Make 3 VMs" in page
    assert made() == []


def test_they_are_made_once_however_often_the_page_is_sent(ask: Ask, template: Vm) -> None:
    key = str(uuid4())
    entered = {"name": "web-%02d", "count": 3, "key": key, "memory": 3000, "capacity": 30, "limit": 20, "start": "on"}
    first = ask("make", **entered)
    Node.objects.update(memory_free=0)
    again = ask("make", **entered)
    assert [first.status_code, again.status_code] == [FOUND, FOUND]
    assert first["Location"] == again["Location"] == "/vms/?q=web-"
    assert made() == ["web-01", "web-02", "web-03"]
    operations = Operation.objects.all()
    assert {(operation.action, operation.limit) for operation in operations} == {("persistent", 20 * MIB)}
    plans = [operation.arguments for operation in operations]
    assert {(plan["memory"], plan["vcpus"], plan["start"]) for plan in plans} == {(3000 * MIB, 2, True)}
    assert {plan["disks"][0]["capacity"] for plan in plans} == {30 * GIB}
    assert {plan["disks"][0]["below"] for plan in plans} == {"/srv/shared/debian.qcow2"}
    assert len({plan["macs"][0] for plan in plans}) == 3
    assert set(Vm.objects.filter(origin=template).values_list("node__name", flat=True)) == {"beta"}


def test_the_list_shows_the_new_ones_with_a_link_to_each(ask: Ask, browser: Client) -> None:
    page = text_of(browser.get(ask("make", name="web-%02d", count=2)["Location"]))
    assert "2 VMs are being made:" in page
    for vm in Vm.objects.filter(origin__isnull=False):
        assert f'href="/vms/{vm.pk}/"' in page  # of the message; that of the row is short
        assert f'href="/vms/{short(vm.pk)}/"' in page


def test_a_single_one_leads_to_its_page(ask: Ask, browser: Client) -> None:
    answer = ask("make", name="only")
    vm = Vm.objects.get(name="only")
    assert answer["Location"] == f"/vms/{vm.pk}/"
    assert "1 VM is being made:" in text_of(browser.get(answer["Location"]))


def test_back_loses_nothing(ask: Ask) -> None:
    entered = {"name": "x-%d", "count": 4, "first": 7, "memory": 700, "vcpus": 3, "capacity": 33, "limit": 5}
    page = text_of(ask("look", **entered, network="default", start="on"))
    for name, value in entered.items():
        assert f'type="hidden" name="{name}" value="{value}"' in page
    assert 'name="start" value="on"' in page
    page = text_of(ask("change", **entered, network="default", start="on"))
    for name, value in entered.items():
        assert f'name="{name}" value="{value}"' in page
    assert '<option value="default" selected>' in page
    assert re.search(r'name="start"[^>]* checked', page)
    assert not re.search(r'name="start"[^>]* checked', text_of(ask("change", **entered)))


def test_a_stopped_vm_is_cloned_and_a_running_one_is_not(browser: Client, stopped_vm: Vm, add_vm: AddVm) -> None:
    running = with_hardware(add_vm("busy", Power.RUNNING))
    assert "The machine must be stopped" in text_of(browser.get(f"/vms/{running.pk}/clone/"))
    page = text_of(browser.get(f"/vms/{stopped_vm.pk}/clone/"))
    assert "Clone mail" in page
    assert not re.search(r'name="start"[^>]* checked', page)
    pool = StoragePool.objects.get(node__name="alpha", name="images").pk
    entered = {
        "name": "mail-2",
        "count": 1,
        "first": 1,
        "memory": 512,
        "vcpus": 1,
        "node": "alpha",
        "pool": pool,
        "network": "=",
    }
    answer = browser.post(f"/vms/{stopped_vm.pk}/clone/", {**entered, "limit": 0, "step": "make"})
    assert answer.status_code == FOUND
    operation = Operation.objects.get()
    assert (operation.action, operation.vm.name if operation.vm else "") == (Action.CLONE, "mail-2")
    assert operation.arguments["disks"][0]["path"].startswith("/srv/images/mail-2-")
    assert operation.arguments["network"] is None


def test_what_a_person_should_know_before_is_said(ask: Ask, template: Vm) -> None:
    Interface.objects.create(vm=template, position=1, mac="52:54:00:00:00:02", source_type="bridge", source="br7")
    StoragePool.objects.update(free=5 * GIB)
    page = plain_text_of(ask(name="x-%d", count=3, vcpus=9))
    assert "What is copied takes 6 GiB, and only 5 GiB are free in the storage pool shared." in page
    assert "Node beta has 4 CPUs" in page
    assert "bridge br7: the panel cannot see whether node beta has that." in page
    assert "Make 3 VMs" in page


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_the_number_of_queries_does_not_grow(browser: Client, template: Vm, ask: Ask) -> None:
    def show() -> None:
        browser.get(f"/vms/{template.pk}/persistent/")

    show()
    form, look = queries_of(show), queries_of(lambda: ask("look"))
    for number in range(20):
        node = Node.objects.create(name=f"n{number}", uri=f"fake://n{number}", reachable=True, memory_free=GIB)
        StoragePool.objects.create(node=node, name="p", folder="/p")
        Interface.objects.create(vm=template, position=number + 1, source_type="network", source="default")
    assert queries_of(show) == form
    assert queries_of(lambda: ask("look", name="x-%d", count=50, memory=1)) == look
