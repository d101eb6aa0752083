"""Where a machine could be moved, as its own node and all the others say."""

from __future__ import annotations

from time import monotonic

import pytest
from pytest_django.fixtures import Settings

from tests.conftest import AddVm
from tests.operations.edits import DATA, GIB, ROOT
from tests.operations.places import add_places, tell_of
from tests.operations.working import fresh
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, Refused
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Vm
from vms.operations import surveying
from vms.operations.surveying import judge_everywhere, judge_now
from vms.rules.duty import Duty
from vms.rules.placing import Obstacle
from vms.rules.power import Power
from vms.rules.preflight import Judgement, Lack, Tie, Way


@pytest.fixture(autouse=True)
def _known(node: Node, second_node: Node) -> None:
    tell_of(node, second_node)


@pytest.fixture
def _shared(settings: Settings, node: Node, second_node: Node) -> None:
    """Both nodes see the same images."""
    settings.SHARED_FOLDERS = ["/images"]
    tell_of(node, second_node)


def against(judgement: Judgement) -> list[str]:
    return [*judgement.obstacles, *judgement.lacks, *judgement.ties]


def of(node: Node, judgements: list[Judgement]) -> Judgement:
    return next(each for each in judgements if each.node.key == node.pk)


def test_all_nodes_are_judged_and_the_possible_ones_come_first(running_vm: Vm, node: Node, second_node: Node) -> None:
    best, home = judge_everywhere(running_vm)
    assert (best.node.key, best.way, against(best)) == (second_node.pk, Way.LIVE, [])
    assert (home.node.key, against(home)) == (node.pk, [Lack.IS_HOME])


def test_local_disks_are_copied_and_need_as_much_room_as_they_take(
    on: Vm, alpha: FakeNode, beta: FakeNode, second_node: Node
) -> None:
    alpha.images[ROOT].allocation, alpha.images[DATA].allocation = 3_000, 4_000
    found = judge_now(on, second_node)
    assert (found.copies, found.to_copy, found.folders) == (("vda", "vdb"), 7_000, ("/images",))
    beta.pools["/images"].free = 6_999
    tell_of(second_node)
    assert against(judge_now(on, second_node)) == [Lack.NO_ROOM]


def test_what_is_below_a_disk_may_fill_its_copy(on: Vm, alpha: FakeNode, second_node: Node) -> None:
    alpha.add_image("/images/base.qcow2")
    alpha.images[ROOT].below = "/images/base.qcow2"
    assert judge_now(on, second_node).to_copy == GIB


@pytest.mark.usefixtures("_shared")
def test_disks_that_both_see_stay_where_they_are(off: Vm, second_node: Node) -> None:
    found = judge_now(fresh(off), second_node)
    assert (found.copies, found.way, against(found)) == ((), Way.OFFLINE, [])


@pytest.mark.usefixtures("_shared")
def test_a_disk_of_which_nobody_can_say_that_it_stands_alone_is_taken_along(
    off: Vm, alpha: FakeNode, second_node: Node
) -> None:
    del alpha.images[ROOT]
    found = judge_now(fresh(off), second_node)
    assert (found.copies, found.way) == (("vda", "vdb"), Way.HELD)


def test_a_machine_is_judged_by_what_it_is_now(on: Vm, alpha: FakeNode, beta: FakeNode, second_node: Node) -> None:
    machine = alpha.machines[on.pk]
    bridge = "<interface type='bridge'><source bridge='br7'/></interface></devices>"
    machine.live = machine.xml.replace("</devices>", bridge)
    alpha.bridges = frozenset({"br7"})
    assert against(judge_now(on, second_node)) == [Lack.NO_SUCH_BRIDGE]
    beta.bridges = frozenset({"br7"})
    assert against(judge_now(on, second_node)) == []


def test_what_the_machine_s_own_node_says_it_lacks_did_not_stop_it(
    running_vm: Vm, alpha: FakeNode, beta: FakeNode, second_node: Node
) -> None:
    beta.lacks = frozenset({Lack.CPU})
    assert against(judge_now(running_vm, second_node)) == [Lack.CPU]
    alpha.lacks = frozenset({Lack.CPU})
    assert against(judge_now(running_vm, second_node)) == []


def test_what_ties_it_to_its_node_stands_against_all_others(running_vm: Vm, alpha: FakeNode) -> None:
    alpha.machines[running_vm.pk].has_snapshots = True
    assert all(Tie.SNAPSHOTS in each.ties for each in judge_everywhere(running_vm))


def test_a_missing_network_is_named(on: Vm, beta: FakeNode, second_node: Node) -> None:
    beta.networks = ["other"]
    tell_of(second_node)
    found = judge_now(on, second_node)
    assert (against(found), found.missing_networks) == ([Obstacle.NO_SUCH_NETWORK], ("default",))


def test_a_node_that_is_spared_is_asked_all_the_same(running_vm: Vm, beta: FakeNode, second_node: Node) -> None:
    Node.objects.filter(pk=second_node.pk).update(duty=Duty.MAINTENANCE)
    assert against(of(second_node, judge_everywhere(running_vm))) == [Obstacle.MAINTENANCE]
    assert "lacks_for" in beta.calls


def test_a_node_without_contact_is_not_asked(running_vm: Vm, beta: FakeNode, second_node: Node) -> None:
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    beta.calls.clear()
    found = of(second_node, judge_everywhere(running_vm))
    assert (against(found), beta.calls) == ([Obstacle.UNREACHABLE, Lack.NOT_ASKED], [])


@pytest.mark.parametrize("error", [NodeUnreachable("broken pipe"), Refused("internal error")])
def test_a_node_that_does_not_tell_counts_as_not_asked(
    error: HypervisorError, running_vm: Vm, beta: FakeNode, second_node: Node
) -> None:
    beta.fail_next("lacks_for", error)
    assert against(of(second_node, judge_everywhere(running_vm))) == [Lack.NOT_ASKED]
    assert against(of(second_node, judge_everywhere(running_vm))) == []


def test_nodes_that_hang_hold_nobody_up(running_vm: Vm, beta: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "SECONDS_FOR_ALL", 0.2)
    hanging, *others = add_places(surveying.ASKED_AT_ONCE * 2)
    with beta.lock, hanging.lock:
        began = monotonic()
        found = judge_everywhere(running_vm)
        assert monotonic() - began < 1
    not_asked = {each.node.key for each in found if Lack.NOT_ASKED in each.lacks}
    assert not_asked == {Node.objects.get(uri=there.uri).pk for there in (beta, hanging)}
    assert len([each for each in found if each.is_possible]) == len(others)


@pytest.mark.parametrize("call", ["definition", "ties_of", "image_sizes"])
def test_nothing_is_said_when_its_own_node_does_not_tell(call: str, add_vm: AddVm, alpha: FakeNode) -> None:
    vm = add_vm("web2", Power.RUNNING)
    alpha.fail_next(call, NodeUnreachable("broken pipe"))
    with pytest.raises(NodeUnreachable):
        judge_everywhere(vm)
