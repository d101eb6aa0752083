"""What a machine is now and at its next start, as it is kept up to date."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.operations.working import fresh
from tests.watcher.conftest import Followed
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_node import FakeMachine
from vms.models import Definition, Event, Node, Vm
from vms.operations.definitions import hardware_of, live_hardware_of
from vms.operations.reaching import reach
from vms.rules.differences import Change, Part
from vms.rules.events import Happening
from vms.rules.power import Power
from vms.rules.timeline import What
from vms.watcher.looking import Lookout
from vms.watcher.news import AllListed, MachineSeen
from vms.watcher.reading import PARTS
from vms.watcher.recording import record

MIB = 1024**2
XML = """<domain type="qemu"><name>web1</name><memory unit="MiB">512</memory><vcpu>{vcpus}</vcpu>
<os><type arch="x86_64">hvm</type></os><devices><graphics type="vnc" passwd="geheim"/></devices></domain>"""

pytestmark = pytest.mark.django_db
Follow = Callable[[Node], Followed]


def xml(machine: FakeMachine, *, vcpus: int = 2) -> str:
    return XML.format(vcpus=vcpus).replace("<name>", f"<uuid>{machine.uuid}</uuid><name>")


@pytest.fixture
def machine(node: Node, alpha: FakeNode) -> FakeMachine:
    found = alpha.add("web1", Power.RUNNING)
    found.xml = xml(found)
    return found


@pytest.fixture
def followed(node: Node, machine: FakeMachine, follow: Follow) -> Followed:
    found = follow(node)
    found.until(lambda: any(isinstance(news, AllListed) for news in found.told))
    return found


def row() -> Vm:
    return Vm.objects.get()


def test_a_machine_that_is_found_has_its_definition_kept(followed: Followed) -> None:
    saved, live = hardware_of(row()), live_hardware_of(row())
    assert saved is not None
    assert (saved, saved.vcpus, saved.graphics) == (live, 2, ("vnc",))
    assert not row().changes_wait
    assert "geheim" not in Definition.objects.get().xml + Definition.objects.get().live_xml


def test_a_definition_that_another_tool_changes_waits_for_the_next_start(
    followed: Followed, node: Node, alpha: FakeNode, machine: FakeMachine
) -> None:
    reach(node).define(xml(machine, vcpus=4))
    followed.until(lambda: row().changes_wait)
    saved, live = hardware_of(row()), live_hardware_of(row())
    assert saved
    assert live
    assert (saved.vcpus, live.vcpus) == (4, 2)
    alpha.become(machine.uuid, Power.OFF)
    followed.until(lambda: not row().changes_wait)
    assert live_hardware_of(row()) is None
    alpha.become(machine.uuid, Power.RUNNING)
    followed.until(lambda: live_hardware_of(row()) == saved)
    assert not row().changes_wait


def test_a_restart_that_nobody_saw_the_middle_of_is_one_all_the_same(
    followed: Followed, node: Node, alpha: FakeNode, machine: FakeMachine
) -> None:
    reach(node).define(xml(machine, vcpus=4))
    followed.until(lambda: row().changes_wait)
    machine.live = ""
    alpha.happen(machine.uuid, Happening.POWER_CHANGED)
    followed.until(lambda: not row().changes_wait)


def test_a_job_s_end_may_have_changed_what_it_is(followed: Followed, alpha: FakeNode, machine: FakeMachine) -> None:
    """A merged disk is another file, and nodes do not tell that of the definition."""
    machine.xml = xml(machine, vcpus=4)
    alpha.happen(machine.uuid, Happening.JOB_CHANGED)
    followed.until(lambda: (saved := hardware_of(row())) is not None and saved.vcpus == 4)


def test_what_is_changed_at_the_running_machine_alone_is_seen(
    followed: Followed, node: Node, machine: FakeMachine
) -> None:
    reach(node).change_now(machine.uuid, Change(Part.MEMORY, 512 * MIB, 256 * MIB))
    followed.until(lambda: row().changes_wait)
    live = live_hardware_of(row())
    assert live is not None
    assert live.memory_current == 256 * MIB


def test_power_that_changes_writes_no_hardware_anew_and_tells_no_change_of_it(
    followed: Followed, alpha: FakeNode, machine: FakeMachine
) -> None:
    alpha.become(machine.uuid, Power.OFF)
    followed.until(lambda: live_hardware_of(row()) is None)
    told = [news for news in followed.told if isinstance(news, MachineSeen)]
    assert [news.description is None for news in told] == [False, True]
    assert not Event.objects.filter(what=What.DEFINITION_CHANGED).exists()


def test_a_change_that_is_no_event_is_seen_after_a_while(node: Node, machine: FakeMachine, alpha: FakeNode) -> None:
    lookout = Lookout(node, reach(node))
    record(*lookout.everything())
    machine.autostart = True
    read = alpha.calls.count("definition")
    for _ in range(PARTS):
        record(*lookout.a_part_again())
    assert alpha.calls.count("definition") == read + 1
    saved = hardware_of(row())
    assert saved
    assert saved.autostart
    again = [news for _ in range(PARTS) for news in lookout.a_part_again() if isinstance(news, MachineSeen)]
    assert [news.reading for news in again] == [None]


def test_the_hardware_is_kept_up_to_date_when_the_watcher_begins_anew(
    node: Node, machine: FakeMachine, alpha: FakeNode
) -> None:
    record(*Lookout(node, reach(node)).everything())
    before = Definition.objects.get().asked_at
    record(*Lookout(node, reach(node)).everything())
    assert Definition.objects.get().asked_at == before
    machine.define(xml(machine, vcpus=4))
    record(*Lookout(node, reach(node)).everything())
    assert fresh(row()).changes_wait
