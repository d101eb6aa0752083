"""The whole watcher in its own thread: from the node's event to the row, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread
from time import monotonic, sleep
from uuid import UUID, uuid4

import pytest
from django.db import InterfaceError, OperationalError, connections

from directory.models import Person
from vms.hypervisor import fake
from vms.hypervisor.contract import Machine
from vms.hypervisor.fake import FakeNode
from vms.models import Heartbeat, Node, Vm
from vms.operations.nodes import remove_node
from vms.rules.power import Power, PowerReason
from vms.watcher import following_a_node, watching
from vms.watcher.news import MachineSeen, News
from vms.watcher.recording import record
from vms.watcher.watching import Watcher

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 8.0

Watch = Callable[[], Watcher]


def until(so: Callable[[], object]) -> None:
    end = monotonic() + SOON
    while not so():
        assert monotonic() < end, "it did not come to that"
        sleep(0.02)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Starts a watcher when the test has made what it is to find."""
    monkeypatch.setattr(watching, "LOOK_AT_NODES_SECONDS", 0.05)
    monkeypatch.setattr(watching, "PATIENCE_WITH_DATABASE_SECONDS", 0.02)
    monkeypatch.setattr(following_a_node, "PAUSE_AFTER_LOSS_SECONDS", 0.02)
    watcher = Watcher()

    def run() -> None:
        watcher.run()
        connections.close_all()

    thread = Thread(target=run)

    def start() -> Watcher:
        thread.start()
        return watcher

    yield start
    watcher.stop()
    thread.join(SOON)
    assert not thread.is_alive()


def status(vm: UUID) -> str | None:
    found = Vm.objects.filter(pk=vm).first()
    return found.status.name if found else None


def test_from_a_new_node_to_a_machine_that_is_followed(watch: Watch, alpha: FakeNode):
    machine = alpha.add("web1")
    watch()
    Node.objects.create(name="alpha", uri=alpha.uri)
    until(lambda: status(machine.uuid) == "Stopped")
    alpha.become(machine.uuid, Power.RUNNING)
    until(lambda: status(machine.uuid) == "Running")
    assert Node.objects.get().reachable
    assert Heartbeat.is_fresh("watcher", seconds=5)


def test_a_node_that_hangs_or_dies_costs_no_other_its_news(
    watch: Watch, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    dead, living = alpha.add("web1", Power.RUNNING), beta.add("web2", Power.RUNNING)
    watch()
    until(lambda: (status(dead.uuid), status(living.uuid)) == ("Running", "Running"))
    alpha.be_unreachable()
    until(lambda: status(dead.uuid) == "Unknown")
    beta.become(living.uuid, Power.PAUSED, PowerReason.BY_REQUEST)
    until(lambda: status(living.uuid) == "Paused")


def test_a_node_that_hangs_in_a_call_costs_no_other_its_news(
    watch: Watch, node: Node, second_node: Node, alpha: FakeNode, beta: FakeNode
):
    living = beta.add("web2")
    watch()
    until(lambda: status(living.uuid) == "Stopped")
    with alpha.lock:
        beta.become(living.uuid, Power.RUNNING)
        until(lambda: status(living.uuid) == "Running")


def test_a_node_that_is_removed_is_followed_no_more(watch: Watch, alpha: FakeNode):
    watcher = watch()
    Node.objects.create(name="alpha", uri=alpha.uri)
    until(alpha.followers.anybody)
    remove_node(Node.objects.get(), by=Person.objects.create_user("root", is_administrator=True))
    until(lambda: not watcher._followers)
    calls = len(alpha.calls)
    sleep(0.2)
    assert len(alpha.calls) - calls <= 3


def test_news_that_cannot_be_written_stop_nobody_elses(watch: Watch, node: Node, alpha: FakeNode):
    machine = alpha.add("web1", Power.RUNNING)
    poison = MachineSeen(node.pk + 1000, Machine(uuid4(), "web1", Power.RUNNING))
    watch()._news.put(poison)
    until(lambda: status(machine.uuid) == "Running")
    assert Vm.objects.count() == 1


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("connection already closed")])
def test_while_the_database_is_away_news_are_kept(
    error: Exception, node: Node, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch, watch: Watch
):
    failures = [error] * 5

    def record_when_the_database_is_back(news: News) -> None:
        if failures:
            raise failures.pop()
        record(news)

    monkeypatch.setattr(watching, "record", record_when_the_database_is_back)
    machine = alpha.add("web1", Power.RUNNING)
    watch()
    until(lambda: status(machine.uuid) == "Running")
    assert failures == []


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("connection already closed")])
def test_a_database_that_is_away_when_the_nodes_are_read_ends_nothing(
    error: Exception, node: Node, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch, watch: Watch
):
    failures = [error] * 3

    def beat(process: str) -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(Heartbeat, "beat", beat)
    machine = alpha.add("web1", Power.RUNNING)
    watch()
    until(lambda: status(machine.uuid) == "Running" and not failures)


def test_a_follower_that_met_a_bug_is_replaced(
    watch: Watch, node: Node, alpha: FakeNode, monkeypatch: pytest.MonkeyPatch
):
    machine = alpha.add("web1")
    watcher = watch()
    until(lambda: status(machine.uuid) == "Stopped")
    (follower, _asker), *_ = watcher._followers.values()
    monkeypatch.setattr(follower, "_react", lambda *_: follower.stop())
    alpha.become(machine.uuid, Power.RUNNING)
    until(lambda: status(machine.uuid) == "Running")
    assert follower not in {pair[0] for pair in watcher._followers.values()}


def test_silent_agents_freeze_a_machine_end_to_end(node: Node, alpha: FakeNode, settings, watch: Watch):
    settings.AGENT_CHECK_SECONDS = 0.05
    channel = '<devices><channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel></devices>'
    uuid = uuid4()
    xml = fake.xml_for("web1", uuid).replace("</domain>", f"{channel}</domain>")
    machine = alpha.add("web1", Power.RUNNING, xml=xml)
    machine.agent_answers = True
    watch()
    until(lambda: Vm.objects.filter(pk=uuid, agent_used_to_answer=True).exists())
    machine.agent_answers = False
    until(lambda: status(uuid) == "Frozen")
    machine.agent_answers = True
    until(lambda: status(uuid) == "Running")


def test_it_ends_when_it_is_told_to_and_so_do_its_followers(watch: Watch, node: Node, alpha: FakeNode):
    watcher = watch()
    until(lambda: watcher._followers)
    (follower, asker), *_ = watcher._followers.values()
    watcher.stop()
    until(lambda: not follower.is_alive() and not asker.is_alive())
