"""The page of a node: what it has and what happens there; and its maintenance, as people ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, row_of
from tests.web.conftest import browser_of
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Event, Network, Node, Operation, StoragePool, Vm
from vms.operations.nodes import set_duty
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.duty import Duty
from vms.rules.kinds import Kind
from vms.rules.moving import Move
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.web.presenters.node_page import NodePage

GIB = 1024**3


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def shown(browser: Client, node: Node) -> NodePage:
    page: NodePage = browser.get(reverse("nodes:page", args=[node.pk])).context["page"]
    return page


def html(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def operation(vm: Vm, node: Node, action: Action = Action.START, **fields: Any) -> Operation:
    slot = {Action.MIGRATE: "job"}.get(action, "run")
    return Operation.objects.create(vm=vm, node=node, action=action, slot=slot, **fields)


def move(vm: Vm, source: Node, destination: Node) -> Operation:
    return operation(vm, source, Action.MIGRATE, arguments=Move(source.pk, destination.pk, Way.LIVE).to_arguments())


def ended(vm: Vm, node: Node) -> Operation:
    return operation(vm, node, progress=Progress.SUCCEEDED, finished_at=timezone.now())


def pool(node: Node, name: str, folder: str, **fields: Any) -> StoragePool:
    return StoragePool.objects.create(node=node, name=name, folder=folder, **fields)


def disk(vm: Vm, path: str, target: str = "vda", device: str = "disk") -> None:
    vm.disks.create(target=target, device=device, path=path)


def plugged(vm: Vm, position: int, kind: str, source: str) -> None:
    vm.interfaces.create(position=position, source_type=kind, source=source)


# --- what it has --------------------------------------------------------------------------------------


def test_what_is_in_use_and_what_was_given_to_machines_that_are_on(browser: Client, node: Node, add_vm: AddVm) -> None:
    Node.objects.update(memory_total=16 * GIB, memory_free=12 * GIB, cpus=8, cpu_permille=255)
    add_vm("a", Power.RUNNING, memory=2 * GIB, vcpus=3)
    add_vm("b", Power.RUNNING, memory=1 * GIB, vcpus=1)
    add_vm("off", memory=64 * GIB, vcpus=64)
    memory, cpus = shown(browser, node).shares
    assert (memory.percent, memory.text, memory.note) == (25, "4 GiB of 16 GiB", "3 GiB given to machines that are on")
    assert (cpus.percent, cpus.text) == (26, "26 % of 8 CPUs")
    assert cpus.note == "4 vCPUs given to machines that are on"


def test_a_node_that_was_never_reached_has_a_page(browser: Client, db: None) -> None:
    node = Node.objects.create(name="new", uri="fake://new")
    page = html(browser, reverse("nodes:page", args=[node.pk]))
    assert "not known yet" in page
    assert "Nothing has been asked for yet." in page


def test_a_pool_counts_the_disks_that_lie_in_it(browser: Client, node: Node, second_node: Node, add_vm: AddVm) -> None:
    here, there = add_vm("here"), add_vm("there")
    Vm.objects.filter(pk=there.pk).update(node=second_node)
    pool(node, "local", "/images", capacity=100 * GIB, free=75 * GIB)
    pool(node, "nfs", "/shared/", capacity=GIB, shared=True)
    pool(second_node, "nfs", "/shared/", shared=True)
    pool(node, "raw", "")
    disk(here, "/images/a.qcow2")
    disk(here, "/images/deeper/b.qcow2", "vdb")
    disk(here, "/images/c.iso", "sda", "cdrom")
    disk(here, "/images2/d.qcow2", "vdc")
    disk(there, "/images/on-another-node.qcow2")
    disk(there, "/shared/e.qcow2", "vdb")
    disk(add_vm("gone", deleted_at=timezone.now()), "/images/gone.qcow2")
    local, nfs, raw = shown(browser, node).pools
    assert (local.disks, nfs.disks, raw.disks) == (1, 1, 0)
    assert (local.percent, local.use, local.free, local.reach) == (25, "25 GiB of 100 GiB", "75 GiB", "local")
    assert (nfs.percent, nfs.reach) == (100, "shared")
    assert (raw.percent, raw.use) == (None, "")


def test_a_network_counts_what_is_plugged_into_it(
    browser: Client, node: Node, second_node: Node, add_vm: AddVm
) -> None:
    one, two, elsewhere = add_vm("one"), add_vm("two"), add_vm("elsewhere")
    Vm.objects.filter(pk=elsewhere.pk).update(node=second_node)
    for name in ("default", "lan"):
        Network.objects.create(node=node, name=name)
    plugged(one, 0, "network", "default")
    plugged(one, 1, "bridge", "br0")
    plugged(two, 0, "network", "default")
    plugged(elsewhere, 0, "network", "lan")
    networks = [(network.name, network.interfaces) for network in shown(browser, node).networks]
    assert networks == [("default", 2), ("lan", 0), ("bridge br0", 1)]


# --- what happens there -------------------------------------------------------------------------------


def test_machines_on_their_way_are_counted_and_lead_to_the_list(
    browser: Client, node: Node, second_node: Node, add_vm: AddVm
) -> None:
    leaving = [move(add_vm(f"out{number}"), node, second_node) for number in range(2)]
    arriving = move(add_vm("in"), second_node, node)
    move(add_vm("over"), node, second_node).become(Progress.CANCELLED)
    operation(add_vm("other"), node)
    moves = shown(browser, node).work.moves
    assert [each.text for each in moves] == ["1 machine arriving", "2 machines leaving"]
    listed = [{row.pk for row in browser.get(each.url).context["rows"]} for each in moves]
    assert listed == [{str(arriving.pk)}, {str(each.pk) for each in leaving}]


def test_what_is_under_way_is_told_from_what_ended_last(
    browser: Client, node: Node, second_node: Node, add_vm: AddVm
) -> None:
    machines = [add_vm(f"web{number}") for number in range(13)]
    over = [ended(vm, node) for vm in machines]
    ended(machines[0], second_node)
    now = [operation(vm, node) for vm in machines]
    work = shown(browser, node).work
    assert [each.pk for each in work.last] == [str(each.pk) for each in over[:2:-1]]
    assert [each.pk for each in work.under_way] == [str(each.pk) for each in now[:0:-1]]
    assert [each.text for each in work.counted] == ["13 under way"]
    assert len(browser.get(work.counted[0].url).context["rows"]) == 13
    assert len(browser.get(work.operations_url).context["rows"]) == 26


def test_the_list_of_operations_is_narrowed_to_one_node_and_no_like_named_one(
    browser: Client, node: Node, second_node: Node, add_vm: AddVm
) -> None:
    Node.objects.filter(pk=second_node.pk).update(name="alpha2")
    mine, other = operation(add_vm("a"), node), operation(add_vm("b"), second_node)
    answer = browser.get("/operations/?node=alpha")
    assert [row.pk for row in answer.context["rows"]] == [str(mine.pk)]
    (chip,) = answer.context["filters"].chips
    assert chip.label == "Node: alpha"
    assert {row.pk for row in browser.get(f"/operations/{chip.url}").context["rows"]} == {str(mine.pk), str(other.pk)}
    assert not browser.get("/operations/?node=nowhere").context["rows"]
    assert len(browser.get("/operations/?way=arriving").context["rows"]) == 2


def test_whoever_is_told_nothing_of_nodes_cannot_narrow_by_them(node: Node, add_vm: AddVm, nobody: Person) -> None:
    operation(add_vm("a"), node, requested_by=nobody)
    answer = browser_of(nobody).get("/operations/?node=nowhere&way=leaving")
    assert answer.context["filters"].chips == []


def test_a_full_node_costs_as_many_queries_as_one_with_little(
    browser: Client, node: Node, second_node: Node, add_vm: AddVm
) -> None:
    def fill(times: int, name: str) -> None:
        for number in range(times):
            vm = add_vm(f"{name}{number}", Power.RUNNING)
            disk(vm, f"/{name}/{number}.qcow2")
            plugged(vm, 0, "network", name)
            ended(vm, node)
            move(vm, node, second_node)
            pool(node, f"{name}{number}", f"/{name}{number}", shared=number % 2 == 0)
            Network.objects.create(node=node, name=f"{name}{number}")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(browser, node)
        return len(captured)

    fill(1, "a")
    queries()
    little = queries()
    fill(12, "b")
    assert queries() == little


# --- maintenance --------------------------------------------------------------------------------------


def duty_url(node: Node, duty: Duty) -> str:
    return reverse("nodes:duty", args=[node.pk, duty])


def test_the_question_names_the_node_and_says_what_it_means(browser: Client, node: Node, add_vm: AddVm) -> None:
    for name in ("a", "b"):
        add_vm(name, Power.RUNNING)
    add_vm("off")
    add_vm("template", kind=Kind.TEMPLATE)
    page = html(browser, duty_url(node, Duty.MAINTENANCE))
    assert "Put node alpha into maintenance?" in page
    assert "No new machine is made on node alpha" in page
    assert "Nothing is moved: the 4 machines on it stay there." in page
    assert "2 of them are on now and run on." in page
    assert "can still be started" in page
    assert Node.objects.get(pk=node.pk).duty == Duty.ACTIVE


def test_the_question_for_an_empty_node(browser: Client, node: Node) -> None:
    assert "There is no machine on it." in html(browser, duty_url(node, Duty.MAINTENANCE))


def test_a_maintenance_begins_and_ends(browser: Client, node: Node) -> None:
    page = reverse("nodes:page", args=[node.pk])
    answer = browser.post(duty_url(node, Duty.MAINTENANCE), follow=True)
    assert answer.redirect_chain == [(page, 302)]
    told = answer.content.decode()
    assert "Node alpha is in maintenance." in told
    assert '<span class="badge badge--warn">maintenance</span>' in told
    assert "by ada." in told
    assert "ada put it into maintenance" in told
    assert "End maintenance" in told

    told = browser.post(duty_url(node, Duty.ACTIVE), follow=True).content.decode()
    assert "The maintenance of node alpha has ended." in told
    assert 'class="badge badge--warn"' not in told
    assert "ada ended the maintenance" in told
    assert Node.objects.get(pk=node.pk).duty == Duty.ACTIVE


def test_what_is_so_already_is_not_done_again(browser: Client, node: Node, administrator: Person) -> None:
    set_duty(node, Duty.MAINTENANCE, by=administrator)
    assert "Node alpha is in maintenance already." in html(browser, duty_url(node, Duty.MAINTENANCE))
    told = browser.post(duty_url(node, Duty.MAINTENANCE), follow=True).content.decode()
    assert "Node alpha is in maintenance already." in told
    assert Event.objects.filter(what=What.MAINTENANCE_BEGAN).count() == 1


def test_there_is_no_other_duty(browser: Client, node: Node) -> None:
    assert browser.get(f"/nodes/{node.pk}/duty/holiday/").status_code == 404
    assert browser.post(f"/nodes/{node.pk}/duty/holiday/").status_code == 404


def test_who_may_only_look_is_not_offered_it_and_told_of_it(auditor: Person, node: Node, administrator: Person) -> None:
    set_duty(node, Duty.MAINTENANCE, by=administrator)
    page = html(browser_of(auditor), reverse("nodes:page", args=[node.pk]))
    assert "In maintenance since" in page
    assert "/duty/" not in page
    assert browser_of(auditor).post(duty_url(node, Duty.ACTIVE)).status_code == 403
    line = AuditLine.objects.filter(request=Request.END_MAINTENANCE).first() or AuditLine.objects.latest("pk")
    assert (line.outcome, line.person_name) == (Outcome.REFUSED, "eva")
    assert line.reason != Why.NOTHING_TO_DO
    assert Node.objects.get(pk=node.pk).duty == Duty.MAINTENANCE


def test_the_list_tells_nodes_in_maintenance_and_is_narrowed_to_them(
    browser: Client, node: Node, second_node: Node, administrator: Person
) -> None:
    set_duty(node, Duty.MAINTENANCE, by=administrator)
    Node.objects.create(name="lost", uri="fake://lost")
    answer = browser.get("/nodes/")
    assert [(facet.label, facet.count) for facet in answer.context["facets"]] == [
        ("All", 3),
        ("Active", 1),
        ("Maintenance", 1),
        ("Unreachable", 1),
    ]
    for query, names in (("maintenance", ["alpha"]), ("active", ["beta"]), ("nonsense", ["alpha", "beta", "lost"])):
        assert [row.name for row in browser.get(f"/nodes/?show={query}").context["rows"]] == names
    assert '<span class="badge badge--warn">maintenance</span>' in html(browser, "/nodes/?show=maintenance")
    assert "No nodes like this" not in html(browser, "/nodes/?show=active")
    second_node.delete()
    assert "No nodes like this" in html(browser, "/nodes/?show=active")


def test_facets_count_what_was_searched_for(browser: Client, node: Node, beta: FakeNode) -> None:
    row_of(beta, "beta")
    counts = [facet.count for facet in browser.get("/nodes/?q=alp").context["facets"]]
    assert counts == [1, 1, 0, 0]
