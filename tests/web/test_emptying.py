"""The pages of emptying a node: how, what would happen, what does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.freeing import _known, ada, arrive, begun, break_off, fresh, plan_for, three
from tests.web.conftest import browser_of
from vms import labels
from vms.hypervisor.fake import FakeNode
from vms.models import Emptying, EmptyingItem, Node, Operation, Vm
from vms.operations.emptying import Manner, plan_emptying, take_turn
from vms.operations.freeing import carry_on
from vms.rules.emptying import Halt, State, Turn, Verdict
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.progress import Progress
from vms.web.presenters.emptying_items import OUTCOMES, count_outcomes

__all__ = ["_known", "ada", "three"]

GIB = 1024**3


@pytest.fixture
def page(ada: Person) -> Client:
    return browser_of(ada)


def url(emptying: Emptying, more: str = "") -> str:
    return f"/nodes/{emptying.node_id}/emptying/{emptying.pk}/{more}"


def text(page: Client, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_form_asks_for_a_plan_and_leads_to_it(page: Client, three: list[Vm], node: Node) -> None:
    assert "Nothing is moved before you begin" in text(page, f"/nodes/{node.pk}/empty/")
    answer = page.post(f"/nodes/{node.pk}/empty/", {"at_once": "3", "limit": "10", "post_copy": "on"})
    emptying = Emptying.objects.get()
    assert answer["Location"] == url(emptying)
    manner = (emptying.at_once, emptying.limit, emptying.converges, emptying.post_copy)
    assert manner == (3, 10 * 1024**2, False, True)
    assert "Being planned" in text(page, url(emptying))


@pytest.mark.parametrize("wrong", [{}, {"at_once": "0"}, {"at_once": "99"}, {"at_once": "2", "limit": "-1"}])
def test_what_is_wrong_is_said_and_asks_for_nothing(page: Client, node: Node, wrong: dict[str, str]) -> None:
    answer = page.post(f"/nodes/{node.pk}/empty/", wrong)
    assert (answer.status_code, Emptying.objects.count()) == (422, 0)
    assert "field__error" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_node_that_is_being_emptied_leads_to_that_plan(
    page: Client, three: list[Vm], node: Node, ada: Person, method: str
) -> None:
    emptying = plan_for(node, ada)
    answer = getattr(page, method)(f"/nodes/{node.pk}/empty/", {"at_once": "2"}, follow=True)
    assert answer.redirect_chain == [(url(emptying), 302)]
    assert "Node alpha is being emptied already" in answer.content.decode()


def test_the_plan_says_which_machine_goes_where_and_how(
    page: Client, three: list[Vm], node: Node, second_node: Node, ada: Person
) -> None:
    Node.objects.filter(pk=second_node.pk).update(memory_total=16 * GIB, memory_free=12 * GIB)
    shown = text(page, url(plan_for(node, ada)))
    for words in ("web0", "web1", "web2", "beta", "nothing to copy", str(labels.WAY[Way.LIVE]), "3 machines can go"):
        assert words in shown
    assert "Memory in use afterwards" in shown
    assert "Begin" in shown


def test_those_that_cannot_go_come_first_with_the_reason(
    page: Client, three: list[Vm], node: Node, alpha: FakeNode, ada: Person
) -> None:
    alpha.machines[three[2].uuid].has_snapshots = True
    shown = text(page, url(plan_for(node, ada)))
    assert "1 machine cannot go and stays on node alpha" in shown
    assert "It has snapshots" in shown
    assert shown.index(">web2<") < shown.index(">web0<")


def test_what_stands_against_each_node_is_said_under_its_name(
    page: Client, add_vm: AddVm, node: Node, second_node: Node, ada: Person
) -> None:
    add_vm("big", Power.RUNNING, memory=6 * GIB)
    add_vm("huge", Power.RUNNING, memory=7 * GIB)
    Node.objects.filter(pk=second_node.pk).update(memory_free=8 * GIB)
    shown = text(page, url(plan_for(node, ada)))
    assert "Other machines of this plan take the memory that big would need" in shown


def test_a_machine_that_cannot_be_asked_about_now_says_why(
    page: Client, add_vm: AddVm, node: Node, ada: Person
) -> None:
    add_vm("web0", Power.CRASHED)
    emptying = plan_for(node, ada)
    shown = text(page, url(emptying))
    assert "Cannot go" in shown
    assert url(emptying, "begin/") not in shown  # there is nothing to begin


def test_a_node_without_machines_says_so(page: Client, node: Node, ada: Person) -> None:
    emptying = plan_for(node, ada)
    shown = text(page, url(emptying))
    assert "No machine is left on node alpha" in shown
    assert url(emptying, "begin/") not in shown


def test_begun_each_row_shows_its_migration(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = plan_for(node, ada)
    assert page.post(url(emptying, "begin/"))["Location"] == url(emptying)
    carry_on(emptying.pk)
    shown = text(page, url(emptying))
    assert "0 of 3 machines have had their turn" in shown
    assert shown.count("/operations/") >= 2
    item = emptying.items.get(vm=three[0])
    rows = text(page, url(emptying, f"rows/?id={item.pk}"))
    assert (rows.count("<tbody"), f"operation:{item.operation_id}" in rows) == (1, True)


def test_a_second_click_is_told_and_does_nothing(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    answer = page.post(url(emptying, "begin/"), follow=True)
    assert "This was not possible any more" in answer.content.decode()
    assert fresh(emptying).state == State.RUNNING


def test_it_is_paused_and_goes_on_by_buttons(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    page.post(url(emptying, "pause/"))
    shown = text(page, url(emptying))
    assert "No further machine begins to move" in shown
    assert url(emptying, "pause/") not in shown
    page.post(url(emptying, "go-on/"))
    assert fresh(emptying).state == State.RUNNING


def test_before_it_is_cancelled_it_says_what_goes_on(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    asked = text(page, url(emptying, "cancel/"))
    assert "2 machines are on their way and go on" in asked
    assert "stays in maintenance" in asked
    page.post(url(emptying, "cancel/"))
    shown = text(page, url(emptying))
    assert "Not begun" in shown
    assert fresh(emptying).state == State.CANCELLED


def test_nobody_answers_for_it_any_more(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada)
    Emptying.objects.update(state=State.PAUSED, problem=Halt.NOBODY_ANSWERS)
    assert "The account of ada, who answers for it, is blocked or gone" in text(page, url(emptying))


def test_at_its_end_it_says_what_is_left_there(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying = begun(node, ada, 3)
    arrive(*three[:2])
    break_off(three[2], progress=Progress.CANCELLED)
    carry_on(emptying.pk)
    assert "1 machine is still on node alpha" in text(page, url(emptying))


def test_the_page_of_the_node_leads_there_and_keeps_past_ones(
    page: Client, three: list[Vm], node: Node, ada: Person
) -> None:
    assert f"/nodes/{node.pk}/empty/" in text(page, f"/nodes/{node.pk}/")
    emptying = begun(node, ada)
    shown = text(page, f"/nodes/{node.pk}/")
    assert "Emptying: Under way" in shown
    assert f"/nodes/{node.pk}/empty/" not in shown
    assert take_turn(emptying, Turn.CANCEL, by=ada)
    shown = text(page, f"/nodes/{node.pk}/")
    assert (url(emptying) in shown, f"/nodes/{node.pk}/empty/" in shown) == (True, True)


def test_who_only_looks_has_no_buttons(three: list[Vm], node: Node, ada: Person, auditor: Person) -> None:
    emptying = plan_for(node, ada)
    assert url(emptying, "begin/") not in text(browser_of(auditor), url(emptying))


def test_a_plan_of_another_node_is_not_there(
    page: Client, three: list[Vm], node: Node, second_node: Node, ada: Person
) -> None:
    emptying = plan_for(node, ada)
    assert page.get(f"/nodes/{second_node.pk}/emptying/{emptying.pk}/").status_code == 404
    assert page.post(url(emptying, "explode/")).status_code == 404


def test_when_nobody_comes_that_is_said(page: Client, three: list[Vm], node: Node, ada: Person) -> None:
    emptying, _new = plan_emptying(node, Manner(2), by=ada)
    Emptying.objects.update(requested_at=timezone.now() - timedelta(minutes=2))
    assert "No worker has taken this on" in text(page, url(emptying))


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("item_ended", [True, False])
@pytest.mark.parametrize("progress", [None, *Progress])
@pytest.mark.parametrize("refusal", ["", "is_crashed"])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_machine_of_a_plan_has_exactly_one_outcome(
    vm: Vm, ended: bool, item_ended: bool, progress: Progress | None, refusal: str, verdict: Verdict
) -> None:
    now = timezone.now()
    operation = Operation.objects.create(vm=vm, action="migrate", slot="job", progress=progress) if progress else None
    emptying = Emptying.objects.create(node=vm.node, finished_at=now if ended else None)
    EmptyingItem.objects.create(
        emptying=emptying,
        vm=vm,
        place=1,
        verdict=verdict,
        operation=operation,
        refusal=refusal,
        finished_at=now if item_ended else None,
    )
    counts = count_outcomes(emptying.items.all())
    assert (set(counts), sum(counts.values())) == (set(OUTCOMES), 1)


def test_the_number_of_queries_does_not_grow_with_the_machines(
    page: Client, add_vm: AddVm, node: Node, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        add_vm(f"web{number:02}", Power.RUNNING)
    emptying = begun(node, ada, 12)
    with django_assert_max_num_queries(40):
        page.get(url(emptying))
