"""A machine that two nodes know, on its page and theirs: what it means, what can be done, and the question before."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Double, Node, Operation, Vm
from vms.rules.actions import Action
from vms.rules.power import Power, PowerReason

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def also_on(vm: Vm, node: Node, power: Power = Power.OFF, reason: PowerReason = PowerReason.NONE) -> Double:
    return Double.objects.create(vm=vm, node=node, power=power, power_reason=reason)


def page(browser: Client, url: str, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def of_vm(browser: Client, vm: Vm) -> str:
    return page(browser, reverse("vms:page", args=[vm.pk]))


def url(vm: Vm, node: Node, action: Action) -> str:
    return reverse("vms:double", args=[vm.pk, node.pk, action])


def test_a_machine_on_one_node_only_says_nothing_of_it(browser: Client, vm: Vm, second_node: Node) -> None:
    assert "alert--" not in of_vm(browser, vm)
    assert "beta" not in page(browser, f"/vms/rows/?id={vm.pk}&open={vm.pk}")


def test_off_on_both_either_may_be_forgotten(browser: Client, vm: Vm, node: Node, second_node: Node) -> None:
    also_on(vm, second_node)
    shown = of_vm(browser, vm)
    assert "Two nodes know web1: alpha and beta" in shown
    assert "nobody but you knows which" in shown
    for there in (node, second_node):
        assert f'href="{url(vm, there, Action.FORGET_DOUBLE)}"' in shown
    assert 'popovertarget="also_elsewhere">Start<' in shown


def test_on_here_only_the_other_one_may_be_forgotten(
    browser: Client, running_vm: Vm, node: Node, second_node: Node
) -> None:
    also_on(running_vm, second_node)
    shown = of_vm(browser, running_vm)
    assert "could be started there by mistake" in shown
    assert f'href="{url(running_vm, second_node, Action.FORGET_DOUBLE)}"' in shown
    assert url(running_vm, node, Action.FORGET_DOUBLE) not in shown


def test_running_on_both_is_said_in_red_and_each_can_be_powered_off(
    browser: Client, running_vm: Vm, node: Node, second_node: Node
) -> None:
    also_on(running_vm, second_node, Power.RUNNING)
    shown = of_vm(browser, running_vm)
    assert 'class="alert alert--danger" role="alert"' in shown
    assert "web1 runs on two nodes at the same time: alpha and beta" in shown
    assert f'href="{reverse("vms:action", args=[running_vm.pk, "power-off"])}"' in shown
    assert f'href="{url(running_vm, second_node, Action.END_DOUBLE)}"' in shown
    assert url(running_vm, second_node, Action.FORGET_DOUBLE) not in shown
    assert "It runs on node beta at the same time." in page(browser, "/vms/")


def test_a_node_that_had_it_and_does_not_answer(browser: Client, running_vm: Vm, second_node: Node) -> None:
    also_on(running_vm, second_node, Power.RUNNING)
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    shown = of_vm(browser, running_vm)
    assert "web1 may be on two nodes: alpha and beta" in shown
    assert "On node beta it was last: running." in shown
    go_on = reverse("vms:disregard", args=[running_vm.pk, second_node.pk])
    assert f'href="{go_on}"' in shown
    assert "Should node beta come back with it" in page(browser, go_on)
    assert browser.post(go_on).status_code == 302
    assert not Double.objects.exists()
    again = browser.post(go_on)
    assert (again.status_code, "answers, or does not have web1 any more" in again.content.decode()) == (409, True)


def test_the_question_names_both_nodes_and_what_is_lost(browser: Client, vm: Vm, node: Node, second_node: Node) -> None:
    also_on(vm, second_node, Power.OFF, PowerReason.SAVED)
    asked = page(browser, url(vm, second_node, Action.FORGET_DOUBLE))
    assert "Forget web1 on node beta?" in asked
    assert "No disk is deleted" in asked
    assert "Its memory is saved to a file on node beta. That is lost." in asked
    assert "That is lost." not in page(browser, url(vm, node, Action.FORGET_DOUBLE))


def test_what_was_decided_is_promised_once(browser: Client, vm: Vm, node: Node, second_node: Node) -> None:
    also_on(vm, second_node)
    for _ in range(2):
        answer = browser.post(url(vm, node, Action.FORGET_DOUBLE))
        assert answer["Location"] == reverse("vms:page", args=[vm.pk])
    operation = Operation.objects.get()
    assert (operation.action, operation.node) == (Action.FORGET_DOUBLE, node)
    assert operation.arguments == {"there": node.pk, "kept": second_node.pk}
    assert "on node alpha" in page(browser, reverse("audit:list"))


def test_what_is_not_possible_any_more_says_so(browser: Client, vm: Vm, second_node: Node) -> None:
    also_on(vm, second_node, Power.RUNNING)
    answer = browser.post(url(vm, second_node, Action.FORGET_DOUBLE))
    assert answer.status_code == 409
    assert "The machine must be stopped." in answer.content.decode()
    Double.objects.all().delete()
    assert "no longer knows this machine" in page(browser, url(vm, second_node, Action.FORGET_DOUBLE))
    assert not Operation.objects.exists()


def test_who_may_not_decide_is_told_all_the_same(running_vm: Vm, second_node: Node, otto: Person) -> None:
    also_on(running_vm, second_node, Power.RUNNING)
    shown = of_vm(browser_of(otto), running_vm)
    assert "web1 runs on two nodes at the same time" in shown
    assert url(running_vm, second_node, Action.END_DOUBLE) not in shown


def test_both_nodes_tell_of_it(browser: Client, vm: Vm, node: Node, second_node: Node) -> None:
    also_on(vm, second_node)
    for each in (node, second_node):
        shown = page(browser, reverse("nodes:page", args=[each.pk]))
        assert "Two nodes know web1: alpha and beta" in shown
        assert f'href="{url(vm, second_node, Action.FORGET_DOUBLE)}"' in shown


def test_a_node_tells_the_worst_first_and_not_of_a_hundred(browser: Client, add_vm: AddVm, second_node: Node) -> None:
    for number in range(12):
        also_on(add_vm(f"web{number}", Power.RUNNING), second_node, Power.RUNNING if number == 11 else Power.OFF)
    shown = page(browser, reverse("nodes:page", args=[second_node.pk]))
    assert shown.count("alert__title") == 10
    assert shown.index("web11 runs on two nodes") < shown.index("Two nodes know web0")
    assert "2 more machines are on two nodes." in shown


def test_a_list_costs_the_same_however_many_are_doubled(browser: Client, add_vm: AddVm, second_node: Node) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(browser, "/vms/")
        return len(asked)

    machines = [add_vm(f"web{number}") for number in range(6)]
    none = cost()
    also_on(machines[0], second_node)
    one = cost()
    for vm in machines[1:]:
        also_on(vm, second_node)
    assert cost() == one <= none + 1


def test_the_page_of_a_lost_node_tells_how_its_machines_were(browser: Client, add_vm: AddVm, node: Node) -> None:
    add_vm("a", Power.RUNNING), add_vm("b", Power.RUNNING), add_vm("c")
    assert "When contact was lost" not in page(browser, reverse("nodes:page", args=[node.pk]))
    Node.objects.filter(pk=node.pk).update(reachable=False, contact_since=timezone.now())
    shown = page(browser, reverse("nodes:page", args=[node.pk]))
    assert "): 1 off, 2 running." in shown


def test_the_page_of_a_machine_of_a_lost_node_tells_what_was_last_reported(
    browser: Client, running_vm: Vm, node: Node
) -> None:
    assert "<dt>The node reports</dt><dd>running</dd>" in of_vm(browser, running_vm)
    Node.objects.filter(pk=node.pk).update(reachable=False)
    assert "<dt>The node last reported</dt><dd>running</dd>" in of_vm(browser, running_vm)
