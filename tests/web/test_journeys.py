"""A machine on its way: how far it is, how it is slowed down, handed over and called back, and what the nodes show."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.copying import browser, plain_text_of, text_of
from vms.models import AuditLine, Grant, Node, Operation, Vm
from vms.operations.settling import settle
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.moving import Move
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.rights import Right
from vms.rules.status import Second
from vms.web.presenters.node_moves import Moves
from vms.web.presenters.operations import OperationView

__all__ = ["browser"]

GIB, MIB = 1024**3, 1024**2
CONFLICT, INVALID, FOUND = 409, 422, 302
HALF_WAY = {"stage": "memory", "disks": [4 * GIB, 4 * GIB], "memory": [GIB, 4 * GIB], "rounds": 3}

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def web(add_vm: AddVm) -> Vm:
    return add_vm("web-01", Power.RUNNING)


def moving(vm: Vm, to: Node, way: Way = Way.LIVE, *, post_copy: bool = False, **fields: Any) -> Operation:
    move = Move(vm.node_id, to.pk, way, post_copy=post_copy)
    values = {"progress": Progress.WORKING, "started_at": timezone.now(), "permille": 625, **fields}
    second = {"slot": "job", "second": Second.MIGRATING, "arguments": move.to_arguments()}
    operation = Operation.objects.create(vm=vm, node=vm.node, action=Action.MIGRATE, **second, **values)
    settle(vm.uuid)
    return operation


def shown(browser: Client, operation: Operation) -> OperationView:
    view: OperationView = browser.get(f"/operations/{operation.pk}/").context["operation"]
    return view


# --- how far ------------------------------------------------------------------------------------------


def test_its_disks_and_its_memory_have_a_bar_each(browser: Client, web: Vm, second_node: Node) -> None:
    journey = shown(browser, moving(web, second_node, measures=HALF_WAY)).journey
    assert journey is not None
    assert (journey.home, journey.to, journey.stage) == ("alpha", "beta", "sends its memory")
    assert [(bar.label, bar.percent, bar.text) for bar in journey.bars] == [
        ("Disks", 100.0, "4 GiB of 4 GiB"),
        ("Memory", 25.0, "1 GiB of 4 GiB"),
    ]
    assert journey.rounds == "3 passes over its memory"


def test_what_there_is_nothing_of_has_no_bar(browser: Client, web: Vm, second_node: Node) -> None:
    measures = {"stage": "memory", "disks": [0, 0], "memory": [1, 2], "rounds": 1}
    journey = shown(browser, moving(web, second_node, measures=measures)).journey
    assert journey and ([bar.label for bar in journey.bars], journey.rounds) == (["Memory"], "")


@pytest.mark.parametrize("measures", [{}, {"sent_at": "2026-01-01T00:00:00+00:00"}])
def test_one_that_has_not_begun_shows_where_it_goes(
    browser: Client, web: Vm, second_node: Node, measures: dict[str, Any]
) -> None:
    journey = shown(browser, moving(web, second_node, measures=measures)).journey
    assert journey and (journey.to, journey.stage, journey.bars) == ("beta", "", [])


def test_one_that_is_over_shows_where_it_went_and_no_bars(browser: Client, web: Vm, second_node: Node) -> None:
    operation = moving(web, second_node, measures=HALF_WAY)
    operation.become(Progress.SUCCEEDED)
    journey = shown(browser, operation).journey
    assert journey and (journey.home, journey.to, journey.bars, journey.stage) == ("alpha", "beta", [], "")


def test_an_opened_row_and_its_tool_tip_tell_both_nodes(browser: Client, web: Vm, second_node: Node) -> None:
    moving(web, second_node, measures=HALF_WAY, requested_by_name="ada")
    row = plain_text_of(browser.get(f"/vms/rows/?id={web.pk}&open={web.pk}"))
    assert "Running, migrating" in row
    assert "1 GiB of 4 GiB" in row
    assert "From alpha to beta." in row
    assert "[62.5 %]" in row


def test_a_user_of_the_machine_sees_how_far_it_is_and_no_node(web: Vm, second_node: Node, nobody: Person) -> None:
    Grant.objects.create(vm=web, person=nobody, right=Right.OPERATE)
    operation = moving(web, second_node, measures=HALF_WAY, post_copy=True)
    for path in (f"/operations/{operation.pk}/", f"/vms/{web.pk}/", "/vms/"):
        page = browser_of(nobody).get(path).content.decode()
        assert "alpha" not in page and "beta" not in page, path
    journey = shown(browser_of(nobody), operation).journey
    assert journey and (journey.to, len(journey.bars), journey.hand_over_url) == ("", 2, "")


def test_why_a_node_could_not_take_it_is_said_to_whoever_may_know(
    browser: Client, web: Vm, second_node: Node, nobody: Person
) -> None:
    values = {"node": "beta", "against": [["obstacle", "not_enough_memory"], ["tie", "snapshots"]]}
    values |= {"free": str(GIB), "size": "0", "networks": ""}
    operation = moving(web, second_node)
    operation.become(Progress.FAILED, Problem.NODE_CANNOT_TAKE_IT, problem_values=values)
    problem = shown(browser, operation).problem
    assert problem.startswith("When its turn came, node beta could not take web-01.")
    assert "It has 1 GiB of memory free" in problem and "It has snapshots" in problem
    Grant.objects.create(vm=web, person=nobody, right=Right.OPERATE)
    assert "GiB" not in shown(browser_of(nobody), operation).problem


# --- slower, faster, back -----------------------------------------------------------------------------


def test_its_speed_can_be_changed_on_the_way(browser: Client, web: Vm, second_node: Node) -> None:
    operation = moving(web, second_node, limit=2 * MIB)
    limit = shown(browser, operation).limit
    assert limit and limit.value == "2"
    for entered, sentence in (("50", "is now sent with 50 MiB/s at most"), ("", "is now sent as fast as possible")):
        page = plain_text_of(browser.post(limit.url, {"limit": entered}, follow=True))
        assert f"The memory of web-01 {sentence}. Disks keep the speed they began with." in page
    operation.refresh_from_db()
    assert operation.limit == 0


def test_a_definition_that_moves_alone_has_no_speed(browser: Client, add_vm: AddVm, second_node: Node) -> None:
    operation = moving(add_vm("off"), second_node, Way.OFFLINE)
    assert shown(browser, operation).limit is None


def test_it_can_be_called_back_while_it_moves(browser: Client, web: Vm, second_node: Node) -> None:
    operation = moving(web, second_node, steps_done=3)
    assert shown(browser, operation).may_be_cancelled
    browser.post(f"/operations/{operation.pk}/cancel/")
    operation.refresh_from_db()
    assert operation.ends_as == Progress.CANCELLED
    assert shown(browser, operation).progress == "Is being taken back"


# --- handed over early --------------------------------------------------------------------------------


def test_the_question_before_it_is_handed_over_tells_the_risk(browser: Client, web: Vm, second_node: Node) -> None:
    operation = moving(web, second_node, measures=HALF_WAY, post_copy=True)
    journey = shown(browser, operation).journey
    assert journey and journey.hand_over_url == f"/operations/{operation.pk}/hand-over/"
    page = plain_text_of(browser.get(journey.hand_over_url))
    assert "Hand web-01 over now?" in page
    assert "the guest is lost, as if its plug were pulled" in page
    operation.refresh_from_db()
    assert "post_copy_asked" not in operation.measures


def test_it_is_handed_over_once(browser: Client, web: Vm, second_node: Node) -> None:
    operation = moving(web, second_node, measures=HALF_WAY, post_copy=True)
    url = f"/operations/{operation.pk}/hand-over/"
    assert "web-01 is being handed over." in plain_text_of(browser.post(url, follow=True))
    operation.refresh_from_db()
    assert operation.measures == {**HALF_WAY, "post_copy_asked": True}
    answer = browser.post(url)
    assert answer.status_code == CONFLICT
    assert "web-01 was not handed over" in plain_text_of(answer)
    lines = AuditLine.objects.filter(request=Request.POST_COPY).order_by("pk")
    assert [(line.outcome, line.reason) for line in lines] == [
        (Outcome.ACCEPTED, ""),
        (Outcome.REFUSED, Why.TOO_LATE),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"post_copy": False, "measures": HALF_WAY},
        {"post_copy": True, "measures": {}},
        {"post_copy": True, "measures": {**HALF_WAY, "stage": "handed_over"}},
        {"post_copy": True, "measures": HALF_WAY, "ends_as": Progress.CANCELLED},
    ],
)
def test_one_that_cannot_be_handed_over_is_not_asked_about(
    browser: Client, web: Vm, second_node: Node, fields: dict[str, Any]
) -> None:
    operation = moving(web, second_node, **fields)
    journey = shown(browser, operation).journey
    assert journey and journey.hand_over_url == ""
    assert "web-01 was not handed over" in plain_text_of(browser.get(f"/operations/{operation.pk}/hand-over/"))


def test_only_a_machine_that_moves_can_be_handed_over(browser: Client, web: Vm) -> None:
    operation = Operation.objects.create(vm=web, node=web.node, action=Action.STREAM, slot="job")
    assert browser.get(f"/operations/{operation.pk}/hand-over/").status_code == 404


# --- the nodes ----------------------------------------------------------------------------------------


def moves(browser: Client, node: Node) -> list[Moves]:
    found: list[Moves] = browser.get(f"/nodes/{node.pk}/").context["page"].work.moves
    return found


@pytest.mark.parametrize(
    ("power", "stage", "there", "here"),
    [
        (Power.RUNNING, "memory", "Paused, migrating", "Running, migrating"),
        (Power.RUNNING, "handed_over", "Running, migrating", "Running, migrating"),
        (Power.OFF, "disks", "Stopped, migrating", "Stopped, migrating"),
    ],
)
def test_each_node_shows_the_machine_as_it_sees_it(
    browser: Client, add_vm: AddVm, node: Node, second_node: Node, power: Power, stage: str, there: str, here: str
) -> None:
    operation = moving(add_vm("web-01", power), second_node, measures={**HALF_WAY, "stage": stage})
    (leaving,), (arriving,) = moves(browser, node), moves(browser, second_node)
    assert (leaving.text, arriving.text) == ("1 machine leaving", "1 machine arriving")
    (goes,), (comes,) = leaving.machines, arriving.machines
    assert (goes.vm_name, goes.status, goes.other, goes.percent) == ("web-01", here, "to beta", 62.5)
    assert (comes.vm_name, comes.status, comes.other) == ("web-01", there, "from alpha")
    assert comes.url == f"/operations/{operation.pk}/"


def test_a_node_without_any_shows_nothing_of_it(browser: Client, web: Vm, second_node: Node) -> None:
    assert moves(browser, second_node) == []
    assert "On their way" not in text_of(browser.get(f"/nodes/{second_node.pk}/"))


def addresses(node: Node) -> tuple[str, str]:
    node.refresh_from_db()
    return node.peer_uri, node.peer_address


def test_how_other_nodes_reach_one_is_saved_and_shown(browser: Client, node: Node) -> None:
    url, wanted = f"/nodes/{node.pk}/addresses/", ("qemu+ssh://root@10.0.0.7/system", "10.0.0.7")
    assert "Empty: the same as the panel's own, fake://alpha." in text_of(browser.get(url))
    entered = dict(zip(("peer_uri", "peer_address"), wanted, strict=True))
    page = plain_text_of(browser.post(url, entered, follow=True))
    assert "The addresses of node alpha were saved." in page
    assert wanted[0] in page and addresses(node) == wanted
    assert "Nothing about the addresses of node alpha was changed." in plain_text_of(
        browser.post(url, entered, follow=True)
    )
    browser.post(url, {"peer_uri": "", "peer_address": ""})
    assert addresses(node) == ("", "")
    lines = AuditLine.objects.filter(request=Request.CHANGE_ADDRESSES).order_by("pk")
    assert [line.outcome for line in lines] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]


@pytest.mark.parametrize("address", ["beta", "beta.example.org", "10.0.0.7", "[fd00::7]", ""])
def test_an_address_for_migrations_is_a_host(browser: Client, node: Node, address: str) -> None:
    browser.post(f"/nodes/{node.pk}/addresses/", {"peer_uri": "", "peer_address": address})
    assert addresses(node) == ("", address)


@pytest.mark.parametrize(
    ("field", "entered"),
    [
        *(
            ("peer_address", bad)
            for bad in ("10.0.0.7:49152", "tcp://beta", "fd00::7", "[beta]", "a b", "-a", "[fd00::7")
        ),
        *(("peer_uri", bad) for bad in ("beta", "http://beta", "qemu+ext://beta/", "qemu+ssh://b/system?command=sh")),
    ],
)
def test_what_is_no_address_is_refused_at_its_field(browser: Client, node: Node, field: str, entered: str) -> None:
    words = {"peer_uri": "", "peer_address": "", field: entered}
    answer = browser.post(f"/nodes/{node.pk}/addresses/", words)
    assert answer.status_code == INVALID
    assert list(answer.context["form"].errors) == [field]
    assert addresses(node) == ("", "")
