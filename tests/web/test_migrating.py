"""Migrate: the nodes with what is for and against each, how the machine moves, and how that is asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.copying import browser, places, plain_text_of, stopped_vm, text_of, with_hardware
from vms import labels
from vms.models import AuditLine, Interface, Node, Operation, Preflight, StoragePool, Vm
from vms.operations.preflights import NodeJudgement, read
from vms.operations.settling import settle
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.duty import Duty
from vms.rules.moving import Move
from vms.rules.placing import Obstacle
from vms.rules.power import Power
from vms.rules.preflight import Lack, Tie, Way
from vms.rules.status import Second
from vms.web.presenters.migrating import MoveView, against

__all__ = ["browser", "places", "stopped_vm"]

GIB = 1024**3
CONFLICT, INVALID, FOUND = 409, 422, 302

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def judged(node: Node, **said: Any) -> dict[str, Any]:
    """What a worker wrote down of a node that is possible, but for what is said."""
    lists: dict[str, Any] = {
        name: [] for name in ("copies", "folders", "obstacles", "lacks", "ties", "missing_networks")
    }
    return {"node": node.pk, "way": Way.LIVE, "to_copy": 0, "memory_free": 12 * GIB, **lists, **said}


def checked(vm: Vm, *judgements: dict[str, Any]) -> Preflight:
    return Preflight.objects.create(
        vm=vm, begun_at=timezone.now(), finished_at=timezone.now(), judgements=list(judgements)
    )


def url(vm: Vm) -> str:
    return f"/vms/{vm.pk}/migrate/"


def shown(browser: Client, vm: Vm) -> MoveView:
    view: MoveView = browser.get(url(vm)).context["move"]
    return view


def send(browser: Client, vm: Vm, preflight: Preflight, to: Node, **entered: Any) -> Any:
    return browser.post(url(vm), {"preflight": preflight.pk, "to": to.pk, "key": str(uuid4()), **entered})


def back_up(vm: Vm, *, by: Person) -> None:
    asked = {"requested_by": by, "requested_by_name": str(by)}
    Operation.objects.create(vm=vm, node=vm.node, action=Action.BACK_UP, slot="job", second=Second.BACKING_UP, **asked)
    settle(vm.uuid)


@pytest.fixture
def web(add_vm: AddVm, places: None) -> Vm:
    """A machine that runs."""
    return with_hardware(add_vm("web-01", Power.RUNNING))


# --- the nodes are asked ------------------------------------------------------------------------------


def test_the_nodes_are_asked_once_and_each_is_named_meanwhile(browser: Client, web: Vm, second_node: Node) -> None:
    answer = browser.get(url(web))
    assert answer.context["move"].asked == ["beta"]
    assert 'data-live-page="preflight"' in text_of(answer)
    assert '<noscript><meta http-equiv="refresh"' in text_of(answer)
    browser.get(url(web))
    assert Preflight.objects.filter(vm=web).count() == 1


def test_when_nobody_asks_them_the_page_says_so_and_stops_trying(browser: Client, web: Vm) -> None:
    browser.get(url(web))
    Preflight.objects.update(requested_at=timezone.now() - timedelta(minutes=2))
    page = text_of(browser.get(url(web)))
    assert "No worker has taken this on." in page
    assert "http-equiv" not in page


def test_the_nodes_cannot_be_asked_about_a_machine_that_its_own_does_not_tell_of(browser: Client, web: Vm) -> None:
    preflight = checked(web)
    preflight.end([], "node_does_not_answer", "timed out")
    page = plain_text_of(browser.get(url(web)))
    assert "Node alpha accepts connections but does not answer." in page
    assert "timed out" in page


def test_a_machine_that_cannot_move_now_is_not_asked_about(browser: Client, web: Vm, administrator: Person) -> None:
    back_up(web, by=administrator)
    page = plain_text_of(browser.get(url(web)))
    assert "Migrate of web-01 is not possible now. The machine is being backed up." in page
    assert "by ada" in page
    assert not Preflight.objects.exists()


# --- what they said -----------------------------------------------------------------------------------


def test_possible_nodes_come_with_the_reasons_and_the_best_is_chosen(
    browser: Client, web: Vm, node: Node, second_node: Node
) -> None:
    gamma = Node.objects.create(name="gamma", uri="fake://gamma", reachable=True, memory_total=64 * GIB)
    copies = {"copies": ["vda", "vdb"], "to_copy": 40 * GIB, "folders": ["/srv/images"], "memory_free": 62 * GIB}
    checked(web, judged(second_node), judged(gamma, **copies), judged(node, lacks=[Lack.IS_HOME]))
    best, other = shown(browser, web).choices
    assert (best.name, best.is_chosen, best.reasons) == ("beta", True, ["nothing to copy", "12 GiB of memory free"])
    assert (other.name, other.is_chosen, other.way) == ("gamma", False, "runs on while it moves")
    assert other.reasons == ["2 disks to copy, 40 GiB", "62 GiB of memory free"]
    assert other.memory and other.memory.text == "4 GiB of 64 GiB in use afterwards"
    assert (best.folder, other.folder is not None) == (None, True)


def test_where_it_is_stands_among_the_others(browser: Client, web: Vm, node: Node, second_node: Node) -> None:
    checked(web, judged(second_node), judged(node, lacks=[Lack.IS_HOME]))
    (home,) = shown(browser, web).out
    assert (home.name, home.is_home, home.against) == ("alpha", True, ["web-01 is on this node now."])


def test_all_that_stands_against_a_node_is_said_with_what_to_do(
    browser: Client, web: Vm, node: Node, second_node: Node
) -> None:
    Interface.objects.create(vm=web, position=1, source_type="bridge", source="br7")
    obstacles = [Obstacle.NOT_ENOUGH_MEMORY, Obstacle.NO_SUCH_NETWORK]
    lacks = [Lack.CPU, Lack.NO_SUCH_BRIDGE, Lack.NO_ROOM, Lack.NAME_TAKEN]
    said = {"memory_free": GIB, "missing_networks": ["lab"], "to_copy": 20 * GIB}
    checked(web, judged(second_node, obstacles=obstacles, lacks=lacks, **said), judged(node, lacks=[Lack.IS_HOME]))
    view = shown(browser, web)
    assert view.nothing == "web-01 cannot move anywhere at the moment. What stands against each node is below."
    memory, network, cpu, bridge, room, name = view.out[0].against
    assert memory.startswith("It has 1 GiB of memory free, and 2 GiB are needed.")
    assert network == "It does not have the network lab. Make it there, or plug web-01 into another one."
    assert cpu.startswith("Its processor lacks what web-01 uses.")
    assert bridge == "It does not have every bridge that web-01 is plugged into: br7. Make them there."
    assert room.endswith("20 GiB. Make room there.")
    assert name == "It has another machine called web-01. Rename one of the two."


@pytest.mark.parametrize("code", [*(each for each in Obstacle if each is not Obstacle.DISKS_ELSEWHERE), *Lack, *Tie])
def test_each_thing_that_can_stand_against_a_node_has_a_sentence(web: Vm, code: Obstacle | Lack | Tie) -> None:
    found: dict[str, Any] = {"obstacles": (), "lacks": (), "ties": ()}
    found[{Obstacle: "obstacles", Lack: "lacks", Tie: "ties"}[type(code)]] = (code,)
    judgement = NodeJudgement(1, Way.LIVE, (), (), to_copy=0, missing_networks=("lab",), memory_free=0, **found)
    (sentence,) = against(web, judgement)
    assert sentence.endswith(".")


@pytest.mark.parametrize(("memory_free", "sentences"), [(GIB, 2), (0, 1)])
def test_of_a_node_that_cannot_be_reached_only_what_was_known_of_it_is_said(
    web: Vm, second_node: Node, memory_free: int, sentences: int
) -> None:
    obstacles = [Obstacle.UNREACHABLE, Obstacle.NOT_ENOUGH_MEMORY]
    judgement = read(judged(second_node, obstacles=obstacles, lacks=[Lack.NOT_ASKED], memory_free=memory_free))
    said = against(web, judgement)
    assert len(said) == sentences
    assert said[0] == "It cannot be reached. Look at its network and its libvirt service."


def test_what_ties_it_to_its_node_is_said_once(browser: Client, web: Vm, node: Node, second_node: Node) -> None:
    ties = [Tie.SNAPSHOTS]
    elsewhere = judged(second_node, ties=[Tie.SNAPSHOTS, Tie.DISK_CANNOT_BE_COPIED])
    checked(web, elsewhere, judged(node, ties=ties, lacks=[Lack.IS_HOME]))
    answer = browser.get(url(web))
    view = answer.context["move"]
    assert (view.ties_title, len(view.ties)) == ("web-01 cannot leave node alpha", 1)
    assert "It has snapshots" in view.ties[0]
    assert [each.against for each in view.out] == [
        [str(labels.TIE[Tie.DISK_CANNOT_BE_COPIED])],
        ["web-01 is on this node now."],
    ]
    assert 'name="to"' not in text_of(answer)


@pytest.mark.parametrize(
    ("way", "fields"), [(Way.LIVE, {"limit", "converges", "post_copy"}), (Way.HELD, {"limit"}), (Way.OFFLINE, set())]
)
def test_only_what_makes_a_difference_can_be_chosen(
    browser: Client, web: Vm, second_node: Node, way: Way, fields: set[str]
) -> None:
    checked(web, judged(second_node, way=way))
    assert set(browser.get(url(web)).context["form"].fields) - {"to"} == fields


def test_a_node_that_was_removed_meanwhile_is_left_out(browser: Client, web: Vm, second_node: Node) -> None:
    gamma = Node.objects.create(name="gamma", uri="fake://gamma", reachable=True)
    checked(web, judged(gamma), judged(second_node))
    gamma.delete()
    assert [choice.name for choice in shown(browser, web).choices] == ["beta"]


# --- it is asked for ----------------------------------------------------------------------------------


def test_it_moves_as_was_chosen(browser: Client, web: Vm, second_node: Node) -> None:
    StoragePool.objects.create(node=second_node, name="fast", folder="/srv/fast", free=30 * GIB)
    folders = ["/srv/shared", "/srv/fast"]
    preflight = checked(web, judged(second_node, copies=["vda"], to_copy=2 * GIB, folders=folders))
    entered = {f"folder-{second_node.pk}": "/srv/fast", "limit": 50, "converges": "on", "post_copy": "on"}
    answer = send(browser, web, preflight, second_node, **entered)
    assert (answer.status_code, answer["Location"]) == (FOUND, f"/vms/{web.pk}/")
    operation = Operation.objects.get(action=Action.MIGRATE)
    move = Move.from_arguments(operation.arguments)
    assert (move.to, move.way, move.converges, move.post_copy) == (second_node.pk, Way.LIVE, True, True)
    assert move.copies["vda"].startswith("/srv/fast/")
    assert operation.limit == 50 * 2**20
    page = plain_text_of(browser.get(f"/vms/{web.pk}/"))
    assert "web-01 is moving to node beta." in page
    assert "Running, migrating" in page


def test_a_second_submission_of_the_same_page_does_nothing(browser: Client, web: Vm, second_node: Node) -> None:
    preflight, key = checked(web, judged(second_node)), str(uuid4())
    for _ in range(2):
        assert send(browser, web, preflight, second_node, key=key).status_code == FOUND
    assert Operation.objects.filter(action=Action.MIGRATE).count() == 1


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"to": ""}, "This field is required."),
        ({"to": 4711}, "not one of the available choices"),
        ({"to": "x"}, "not one of the available choices"),
        ({"limit": "much"}, "Enter a whole number."),
        ({"limit": -1}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    browser: Client, web: Vm, second_node: Node, entered: dict[str, Any], sentence: str
) -> None:
    preflight = checked(web, judged(second_node))
    words = {"preflight": preflight.pk, "to": second_node.pk, "limit": 7, "post_copy": "on", **entered}
    answer = browser.post(url(web), words)
    assert answer.status_code == INVALID
    assert sentence in plain_text_of(answer)
    assert answer.context["form"]["post_copy"].value() is True
    assert str(answer.context["form"]["limit"].value()) == str(words["limit"])
    assert not Operation.objects.exists()


def test_a_node_that_can_take_it_no_more_says_why_and_everything_is_kept(
    browser: Client, web: Vm, second_node: Node
) -> None:
    preflight = checked(web, judged(second_node))
    Node.objects.filter(pk=second_node.pk).update(duty=Duty.MAINTENANCE)
    answer = send(browser, web, preflight, second_node, limit=7)
    assert answer.status_code == CONFLICT
    page = plain_text_of(answer)
    assert "web-01 cannot move to node beta now. It is in maintenance, so no machine goes there." in page
    assert str(answer.context["form"]["limit"].value()) == "7"
    assert not Operation.objects.exists()
    line = AuditLine.objects.latest("pk")
    assert (line.request, line.outcome, line.reason) == (Action.MIGRATE, Outcome.REFUSED, "node_is_out")


def test_a_machine_that_is_busy_by_now_says_so(browser: Client, web: Vm, second_node: Node, berta: Person) -> None:
    preflight = checked(web, judged(second_node))
    back_up(web, by=berta)
    answer = send(browser, web, preflight, second_node)
    assert answer.status_code == CONFLICT
    assert "Migrate of web-01 is not possible now." in plain_text_of(answer)


@pytest.mark.parametrize("key", ["", "x", "0", "²"])
def test_a_check_that_is_gone_is_made_anew_and_nothing_begins(
    browser: Client, web: Vm, second_node: Node, key: str
) -> None:
    answer = browser.post(url(web), {"preflight": key, "to": second_node.pk})
    assert answer.status_code == CONFLICT
    assert "Here is a new one." in plain_text_of(answer)
    assert not Operation.objects.exists()


def test_the_check_of_another_machine_does_not_count(
    browser: Client, web: Vm, stopped_vm: Vm, second_node: Node
) -> None:
    other = checked(stopped_vm, judged(second_node))
    assert send(browser, web, other, second_node).status_code == CONFLICT
    assert not Operation.objects.exists()


def test_who_may_not_manage_machines_gets_nothing_of_it(otto: Person, web: Vm) -> None:
    for method in ("get", "post"):
        assert getattr(browser_of(otto), method)(url(web)).status_code == 403
    assert not Preflight.objects.exists()
    row = browser_of(otto).get("/vms/").content.decode()
    assert "i-migrate" not in row


def test_the_button_stands_beside_power_off(browser: Client, web: Vm) -> None:
    page = browser.get("/vms/").content.decode()
    run_actions = [page.index(f'class="i-{icon}') for icon in ("play", "power-off", "bolt", "migrate")]
    assert run_actions == sorted(run_actions)
