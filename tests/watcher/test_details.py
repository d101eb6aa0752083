"""What the watcher writes down besides states: guests, addresses, disks, starts; and only what is news."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from time import monotonic
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.conftest import AddVm
from tests.watcher.conftest import SOON, Followed
from vms.hypervisor.contract import GuestInfo, GuestInterface, ImageSize, JobProgress
from vms.hypervisor.errors import TimedOut
from vms.hypervisor.fake import FakeNode
from vms.models import Disk, Interface, Node, Operation, Vm
from vms.operations.reaching import reach
from vms.rules.actions import Action, Slot
from vms.rules.events import Happening
from vms.rules.power import Power
from vms.rules.progress import Progress
from vms.watcher import asking_agents, following_a_node
from vms.watcher.asking_agents import AgentAsker
from vms.watcher.guestbook import GuestBook
from vms.watcher.looking import Lookout
from vms.watcher.news import AgentAsked, DisksMeasured, GuestSeen, Happened, JobProgressed, News
from vms.watcher.recording import record

MAC = "52:54:00:00:00:01"
GIB = 1024**3
XML = """<domain type="kvm"><name>{name}</name><uuid>{uuid}</uuid><memory unit="MiB">512</memory><vcpu>2</vcpu>
<os><type arch="x86_64">hvm</type></os><devices>
<disk type="file" device="disk"><driver type="qcow2"/><source file="/images/a.qcow2"/>
<target dev="vda" bus="virtio"/></disk>
<interface type="network"><mac address="52:54:00:00:00:01"/><source network="lan"/><model type="virtio"/></interface>
<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel></devices></domain>"""
TOLD = GuestInfo("Debian 12", "web1", (GuestInterface(MAC, ("10.0.3.27",)),))
LEASED = (GuestInterface(MAC, ("10.0.3.99",)),)


def look_at(node: Node, lookout: Lookout | None = None) -> Lookout:
    lookout = lookout or Lookout(node, reach(node))
    for news in lookout.everything():
        record(news)
    return lookout


@pytest.fixture
def machine(node: Node, alpha: FakeNode) -> Vm:
    """It has all there is to tell of, and is off."""
    uuid = UUID("00000000-0000-4000-8000-000000000001")
    alpha.add("web1", uuid=uuid, xml=XML.format(name="web1", uuid=uuid))
    look_at(node)
    return Vm.objects.get(pk=uuid)


def happens(vm: Vm, power: Power, alpha: FakeNode, lookout: Lookout) -> None:
    """The node tells of it, and the follower looks."""
    alpha.machines[vm.pk].power = power
    for news in lookout.one(vm.pk):
        record(news)
    vm.refresh_from_db()


def test_a_start_that_was_seen_is_known(machine: Vm, node: Node, alpha: FakeNode) -> None:
    lookout, before = Lookout(node, reach(node)), datetime.now(UTC)
    happens(machine, Power.RUNNING, alpha, lookout)
    assert machine.started_at is not None
    assert before <= machine.started_at <= datetime.now(UTC)
    happens(machine, Power.PAUSED, alpha, lookout)
    assert machine.started_at is not None
    happens(machine, Power.OFF, alpha, lookout)
    assert machine.started_at is None


def test_nobody_knows_when_a_machine_started_that_was_running_at_first_sight(node: Node, alpha: FakeNode) -> None:
    alpha.add("web1", Power.RUNNING)
    look_at(node)
    assert Vm.objects.get().started_at is None


def test_nobody_knows_when_a_machine_started_while_nobody_listened(machine: Vm, node: Node, alpha: FakeNode) -> None:
    alpha.machines[machine.pk].power = Power.RUNNING
    look_at(node)
    machine.refresh_from_db()
    assert (machine.power, machine.started_at) == (Power.RUNNING, None)


def test_a_restart_from_inside_begins_anew(machine: Vm, node: Node, alpha: FakeNode) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    long_ago = datetime.now(UTC) - timedelta(days=9)
    Vm.objects.update(started_at=long_ago)
    record(Happened(node.pk, machine.pk, Happening.REBOOTED))
    machine.refresh_from_db()
    assert machine.started_at is not None
    assert machine.started_at > long_ago


def test_what_a_guest_tells_is_written_down_and_its_addresses_end_with_its_power(
    machine: Vm, node: Node, alpha: FakeNode
) -> None:
    lookout = Lookout(node, reach(node))
    happens(machine, Power.RUNNING, alpha, lookout)
    record(seen(machine, TOLD))
    machine.refresh_from_db()
    assert (machine.os_name, machine.guest_hostname) == ("Debian 12", "web1")
    assert Interface.objects.get().addresses == ["10.0.3.27"]
    happens(machine, Power.OFF, alpha, lookout)
    assert (machine.os_name, Interface.objects.get().addresses) == ("Debian 12", [])


def test_what_comes_too_late_is_not_written_down(machine: Vm) -> None:
    record(seen(machine, TOLD))
    assert Interface.objects.get().addresses == []


def test_leases_leave_the_names_alone(machine: Vm, node: Node, alpha: FakeNode) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    record(seen(machine, TOLD))
    record(GuestSeen(node.pk, machine.pk, LEASED))
    machine.refresh_from_db()
    assert (machine.os_name, Interface.objects.get().addresses) == ("Debian 12", ["10.0.3.99"])


def test_a_long_name_is_cut(machine: Vm, node: Node, alpha: FakeNode) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    record(seen(machine, GuestInfo("x" * 999, "é" * 999, ())))
    machine.refresh_from_db()
    assert (len(machine.os_name), len(machine.guest_hostname)) == (255, 255)


def test_the_same_again_writes_nothing(
    machine: Vm, node: Node, alpha: FakeNode, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    sizes = DisksMeasured(node.pk, machine.pk, {"vda": ImageSize(20 * GIB, GIB)})
    record(seen(machine, TOLD))
    record(sizes)
    with django_assert_num_queries(2 + 2):  # and the savepoint around them
        record(seen(machine, TOLD))
    with django_assert_num_queries(1 + 2):
        record(sizes)


def test_another_image_in_the_same_drive_has_not_been_measured(machine: Vm, node: Node, alpha: FakeNode) -> None:
    record(DisksMeasured(node.pk, machine.pk, {"vda": ImageSize(20 * GIB, GIB), "vdz": ImageSize(1, 1)}))
    disk = Disk.objects.get()
    assert (disk.capacity, disk.allocation) == (20 * GIB, GIB)
    there = alpha.machines[machine.pk]
    there.xml = there.xml.replace("a.qcow2", "b.qcow2")
    look_at(node)
    disk.refresh_from_db()
    assert (disk.path, disk.capacity, disk.allocation) == ("/images/b.qcow2", None, None)


def test_what_is_left_of_a_job_and_its_speed(machine: Vm, node: Node) -> None:
    job = Operation.objects.create(
        vm=machine, node=node, action=Action.BACK_UP, slot=Slot.JOB, second="backing_up", progress=Progress.WORKING
    )
    record(JobProgressed(node.pk, machine.pk, JobProgress(500, 1000), 60))
    record(JobProgressed(node.pk, machine.pk, JobProgress(400, 1000), 50))
    job.refresh_from_db()
    assert (job.permille, job.bytes_left, job.bytes_per_second) == (500, 600, 50)


def test_a_running_machines_disks_are_told_once_until_they_grow_visibly(
    machine: Vm, node: Node, alpha: FakeNode, follow: Callable[[Node], Followed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_a_node, "USE_SECONDS", 0.05)
    there = alpha.machines[machine.pk]
    there.power, there.disks = Power.RUNNING, {"vda": ImageSize(20 * GIB, GIB)}
    followed = follow(node)
    followed.until(lambda: Disk.objects.get().allocation == GIB)
    there.disks = {"vda": ImageSize(20 * GIB, GIB + 1024)}
    rounds = alpha.calls.count("stats")
    followed.until(lambda: alpha.calls.count("stats") > rounds + 3)
    there.disks = {"vda": ImageSize(20 * GIB, 3 * GIB)}
    followed.until(lambda: Disk.objects.get().allocation == 3 * GIB)
    assert len([news for news in followed.told if isinstance(news, DisksMeasured)]) == 2


class Asked:
    """The thread that asks, and what it told."""

    def __init__(self, node: Node, followed: Followed) -> None:
        self.news: SimpleQueue[News] = SimpleQueue()
        self.told: list[News] = []
        self.thread = AgentAsker(followed.thread, self.news.put)
        self.thread.start()

    def until(self, so: Callable[[], object]) -> None:
        end = monotonic() + SOON
        while not so():
            assert monotonic() < end, f"it did not come to that; told: {self.told[-5:]}"
            try:
                news = self.news.get(timeout=0.02)
            except Empty:
                continue
            self.told.append(news)
            record(news)


@pytest.fixture
def ask(
    node: Node, follow: Callable[[Node], Followed], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Asked]]:
    monkeypatch.setattr(asking_agents, "ROUND_SECONDS", 0.02)
    started: list[Asked] = []

    def start() -> Asked:
        followed = follow(node)
        followed.until(lambda: followed.thread.lookout and not followed.news.qsize())
        started.append(Asked(node, followed))
        return started[-1]

    yield start
    for asked in started:
        asked.thread.stop()
        asked.thread.join(SOON)


def test_a_guest_is_asked_soon_after_its_agent_has_come_up(
    machine: Vm, node: Node, alpha: FakeNode, ask: Callable[[], Asked]
) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    there = alpha.machines[machine.pk]
    asked = ask()
    there.leases = LEASED
    asked.until(lambda: "leased_addresses" in alpha.calls)
    there.agent_answers, there.guest = True, TOLD
    alpha.happen(machine.pk, Happening.AGENT_CHANGED)
    asked.until(lambda: Interface.objects.get().addresses == ["10.0.3.27"])
    assert Vm.objects.get().os_name == "Debian 12"
    assert AgentAsked(node.pk, machine.pk, answered=True) in asked.told


def test_a_guest_without_an_agent_has_the_addresses_of_its_leases(
    machine: Vm, node: Node, alpha: FakeNode, ask: Callable[[], Asked]
) -> None:
    happens(machine, Power.RUNNING, alpha, Lookout(node, reach(node)))
    alpha.machines[machine.pk].leases = LEASED
    asked = ask()
    asked.until(lambda: Interface.objects.get().addresses == ["10.0.3.99"])
    assert "guest" not in alpha.calls


def test_the_disks_of_a_machine_that_is_off_are_measured_when_storage_answers(
    machine: Vm, alpha: FakeNode, ask: Callable[[], Asked]
) -> None:
    alpha.add_image("/images/a.qcow2", capacity=20 * GIB, allocation=GIB)
    alpha.fail_next("image_sizes", TimedOut("the storage hangs"))
    asked = ask()
    asked.until(lambda: Disk.objects.get().capacity == 20 * GIB)
    assert alpha.calls.count("image_sizes") == 2


def test_many_machines_cost_a_look_no_further_call(add_vm: AddVm, node: Node, alpha: FakeNode) -> None:
    for number in range(20):
        add_vm(f"web{number}", Power.RUNNING)
    lookout = look_at(node)
    alpha.calls.clear()
    look_at(node, lookout)
    assert alpha.calls == ["machines"]


def test_a_guest_that_has_just_come_up_is_asked_more_often() -> None:
    book, uuid, asked = GuestBook(), UUID(int=1), []
    for second in range(200):
        if book.is_due(uuid, float(second)):
            book.note_asked(uuid, float(second))
            asked.append(second)
    assert asked == [0, 5, 15, 35, 75, 135, 195]
    book.forget(uuid)
    assert book.is_due(uuid, 196.0)


def test_only_news_of_a_guest_are_told() -> None:
    book, uuid = GuestBook(), UUID(int=1)
    first, second = GuestSeen(1, uuid, ()), GuestSeen(1, uuid, LEASED)
    assert [book.is_news(each) for each in (first, first, second, second)] == [True, False, True, False]
    answers = [True, True, False, False, True]
    told = [book.is_news_that_it_answers(uuid, answered=answered) for answered in answers]
    assert told == [True, False, True, True, True]
    book.keep_only([])
    assert book.is_news(second)


def seen(vm: Vm, told: GuestInfo) -> GuestSeen:
    return GuestSeen(vm.node_id, vm.pk, told.interfaces, told.os_name, told.hostname)
