"""Asking where a machine could be moved: by a worker, once for all who ask at the same time, kept for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from directory.models import Person
from tests.operations.places import tell_of
from tests.operations.working import look
from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Node, Preflight, Vm
from vms.operations import announcing
from vms.operations.migrating import ask_for_preflight
from vms.operations.preflights import GOOD_FOR, KEPT_FOR, carry_out, judgements_of
from vms.operations.surveying import judge_everywhere
from vms.rules.audit import Outcome
from vms.rules.placing import Obstacle
from vms.rules.power import Power
from vms.rules.preflight import Lack, Tie, Way
from vms.rules.problems import Problem


@pytest.fixture(autouse=True)
def _known(node: Node, second_node: Node) -> None:
    tell_of(node, second_node)


def carried_out(preflight: Preflight) -> Preflight:
    carry_out(preflight)
    preflight.refresh_from_db()
    return preflight


def in_the_past(preflight: Preflight, age: timedelta) -> None:
    when = timezone.now() - age
    finished = when if preflight.finished_at else None
    Preflight.objects.filter(pk=preflight.pk).update(requested_at=when, begun_at=when, finished_at=finished)


def test_it_is_read_as_it_was_judged(on: Vm, alpha: FakeNode, beta: FakeNode, anna: Person) -> None:
    beta.lacks, beta.networks = frozenset({Lack.CPU, Lack.MACHINE_TYPE}), []
    alpha.machines[on.pk].has_snapshots = True
    tell_of(*Node.objects.all())
    home, there = judgements_of(carried_out(ask_for_preflight(on, by=anna)))
    assert (there.way, there.copies, there.folders) == (Way.LIVE, ("vda", "vdb"), ("/images",))
    assert (there.obstacles, there.missing_networks) == ((Obstacle.NO_SUCH_NETWORK,), ("default",))
    assert (there.lacks, there.ties) == ((Lack.CPU, Lack.MACHINE_TYPE), (Tie.SNAPSHOTS,))
    assert not there.is_possible
    told = {each.node.key: each for each in judge_everywhere(on)}
    assert all(each.memory_free == told[each.node].node.memory_free for each in (there, home))
    assert home.lacks == (Lack.IS_HOME,)


def test_whoever_asks_meanwhile_or_soon_after_gets_the_same(vm: Vm, anna: Person, berta: Person) -> None:
    preflight = ask_for_preflight(vm, by=anna)
    assert ask_for_preflight(vm, by=berta) == preflight
    carried_out(preflight)
    assert ask_for_preflight(vm, by=berta) == preflight
    in_the_past(preflight, GOOD_FOR)
    assert ask_for_preflight(vm, by=berta) != preflight


def test_what_has_happened_to_the_machine_meanwhile_makes_it_old(vm: Vm, alpha: FakeNode, anna: Person) -> None:
    preflight = carried_out(ask_for_preflight(vm, by=anna))
    alpha.become(vm.pk, Power.RUNNING)
    look(vm)
    assert ask_for_preflight(vm, by=anna) != preflight


def test_one_that_nobody_carries_out_is_asked_for_again(vm: Vm, anna: Person) -> None:
    preflight = ask_for_preflight(vm, by=anna)
    in_the_past(preflight, timedelta(seconds=61))
    assert ask_for_preflight(vm, by=anna) != preflight


def test_it_is_carried_out_once(vm: Vm, alpha: FakeNode, anna: Person) -> None:
    preflight = carried_out(ask_for_preflight(vm, by=anna))
    alpha.calls.clear()
    carry_out(preflight)
    assert alpha.calls == []


def test_it_says_why_nobody_can_tell(vm: Vm, alpha: FakeNode, anna: Person) -> None:
    alpha.be_unreachable(NodeUnreachable("no route to host"))
    preflight = carried_out(ask_for_preflight(vm, by=anna))
    assert (preflight.problem, preflight.evidence) == (Problem.NODE_UNREACHABLE, "no route to host")
    assert judgements_of(preflight) == []
    assert ask_for_preflight(vm, by=anna) == preflight, "nobody asks again and again"


def test_old_ones_go(vm: Vm, running_vm: Vm, anna: Person) -> None:
    preflight = carried_out(ask_for_preflight(vm, by=anna))
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(seconds=1)):
        ask_for_preflight(running_vm, by=anna)
    assert not Preflight.objects.filter(pk=preflight.pk).exists()


def test_only_who_may_migrate_may_ask(vm: Vm, otto: Person) -> None:
    with pytest.raises(PermissionDenied):
        ask_for_preflight(vm, by=otto)
    assert AuditLine.objects.get().outcome == Outcome.REFUSED
    assert not Preflight.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("every_bell_is_heard_at_once")
def test_a_worker_does_it_and_those_who_wait_are_told(vm: Vm, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[announcing.Subject] = []
    monkeypatch.setattr(announcing, "_outlet", lambda: type("Outlet", (), {"tell": staticmethod(told.extend)}))
    preflight = ask_for_preflight(vm, by=anna)
    preflight.refresh_from_db()
    assert preflight.finished_at is not None
    assert ("preflight", str(preflight.pk)) in told
