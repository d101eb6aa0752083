"""A node that is lost, found, busy or removed."""

from __future__ import annotations

from tests.conftest import AddVm
from tests.operations.working import fresh, status_of
from vms.hypervisor.fake import FakeNode
from vms.models import Event, Node, Vm
from vms.operations.reaching import reach
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import AllListed, NodeFound, NodeLost, NodeUse
from vms.watcher.recording import record

GIB = 1024**3


def test_a_lost_node_makes_all_its_machines_unknown_and_no_others(
    add_vm: AddVm, second_node: Node, beta: FakeNode, node: Node
):
    mine = [add_vm("web1"), add_vm("web2", Power.RUNNING)]
    other = beta.add("web3", Power.RUNNING)
    for news in Lookout(second_node, reach(second_node)).everything():
        record(news)
    record(NodeLost(node.pk, Problem.NODE_UNREACHABLE, "no route to host"))
    assert [status_of(vm) for vm in mine] == ["Unknown", "Unknown"]
    assert [fresh(vm).power for vm in mine] == [Power.OFF, Power.RUNNING]
    assert Vm.objects.get(pk=other.uuid).status.name == "Running"
    node.refresh_from_db()
    assert (node.reachable, node.problem, node.evidence) == (False, Problem.NODE_UNREACHABLE, "no route to host")


def test_a_node_that_stays_lost_is_lost_once_and_since_then(node: Node):
    record(NodeLost(node.pk, Problem.NODE_UNREACHABLE, "no route to host"))
    node.refresh_from_db()
    since = node.contact_since
    record(NodeLost(node.pk, Problem.NODE_DOES_NOT_ANSWER, "timeout"))
    node.refresh_from_db()
    assert (node.contact_since, node.problem) == (since, Problem.NODE_DOES_NOT_ANSWER)
    assert Event.objects.filter(node=node, what=What.NODE_LOST).count() == 1


def test_a_node_that_was_never_reached_says_why(db: None):
    new = Node.objects.create(name="new", uri="fake://new")
    record(NodeLost(new.pk, Problem.NODE_REFUSED_LOGIN, "authentication failed"))
    new.refresh_from_db()
    assert (new.reachable, new.problem, new.contact_since is None) == (False, Problem.NODE_REFUSED_LOGIN, False)


def test_a_node_that_is_found_again_brings_its_machines_back(running_vm: Vm, node: Node):
    record(NodeLost(node.pk, Problem.NODE_UNREACHABLE, "no route to host"))
    for _ in range(2):
        record(NodeFound(node.pk, reach(node).info()))
    assert status_of(running_vm) == "Running"
    node.refresh_from_db()
    assert (node.reachable, node.problem, node.evidence) == (True, "", "")
    assert (node.cpus, node.memory_total, node.libvirt_version) == (4, 16 * GIB, "9.0.0")
    assert Event.objects.filter(node=node, what=What.NODE_FOUND).count() == 1


def test_news_of_a_node_that_was_removed_are_left_out(node: Node, alpha: FakeNode):
    info = reach(node).info()
    gone = node.pk + 1000
    record(NodeFound(gone, info))
    record(NodeLost(gone, Problem.NODE_UNREACHABLE, ""))
    record(AllListed(gone, frozenset()))
    assert not Event.objects.exists()


def test_how_busy_a_node_is(node: Node):
    record(NodeUse(node.pk, 3 * GIB, 250))
    node.refresh_from_db()
    assert (node.memory_free, node.cpu_permille) == (3 * GIB, 250)
