"""Machines that move from one node to another, as far as all goes well."""

from __future__ import annotations

from pytest_django.fixtures import Settings

from directory.models import Person
from tests.operations.migrating import (
    BETA,
    COPY,
    GIB,
    MIB,
    NVRAM,
    SHARED,
    add_mover,
    arrive,
    come_to_the_move,
    go_on,
    look_everywhere,
    send,
    take_steps,
    where_it_is,
)
from tests.operations.working import fresh, look, status_of, step
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.machine_xml import describe
from vms.models import Definition, Event, Node, Operation, Vm
from vms.operations.migrating import ask_for_post_copy
from vms.operations.requesting import change_limit, may_be_cancelled
from vms.operations.resuming import next_in_turn
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.preflight import Way
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What

OF_A_QUIET_MOVE = {What.FOUND, What.REQUESTED, What.MOVED, What.OPERATION_ENDED}


def told_of(vm: Vm) -> set[str]:
    return set(Event.objects.filter(vm=vm).values_list("what", flat=True))


def test_a_running_machine_moves_and_is_on_its_new_node_only(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = send(mover, to, anna)
    assert status_of(mover) == "Running, migrating"
    come_to_the_move(operation, alpha)
    assert (status_of(mover), operation.phase) == ("Running, migrating", Phase.MOVING)
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    vm = fresh(mover)
    assert (vm.node, vm.power, vm.status.name, vm.gone_at) == (to, Power.RUNNING, "Running", None)
    assert where_it_is(vm.pk) == BETA
    assert Event.objects.get(what=What.MOVED).values == {"old": "alpha", "new": "beta"}
    assert told_of(vm) == OF_A_QUIET_MOVE


def test_a_local_disk_is_copied_and_not_left_behind(
    node: Node, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, "/images/web1.qcow2")
    alpha.images["/images/web1.qcow2"].capacity = 2 * GIB
    operation = come_to_the_move(send(vm, to, anna, copies=COPY), alpha)
    assert beta.images[COPY["vda"]].capacity == 2 * GIB
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert "/images/web1.qcow2" not in alpha.images
    assert COPY["vda"] in beta.images
    assert fresh(vm).disks.get(target="vda").path == COPY["vda"]
    assert COPY["vda"] in Definition.objects.get(vm=vm).xml
    assert told_of(vm) == OF_A_QUIET_MOVE


def test_what_another_machine_of_the_old_node_has_stays_there(node: Node, to: Node, alpha: FakeNode, anna: Person):
    vm = add_mover(node, alpha, "/images/web1.qcow2")
    add_mover(node, alpha, "/images/web1.qcow2", name="web2")
    operation = come_to_the_move(send(vm, to, anna, copies=COPY), alpha)
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert "/images/web1.qcow2" in alpha.images


def test_a_file_of_the_same_name_on_another_node_is_another_file(
    node: Node, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, "/images/web1.qcow2")
    add_mover(to, beta, "/images/web1.qcow2", name="web2")
    operation = come_to_the_move(send(vm, to, anna, copies=COPY), alpha)
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert "/images/web1.qcow2" not in alpha.images
    assert "/images/web1.qcow2" in beta.images


def test_one_that_is_off_is_held_on_its_way_and_stays_off_to_people(
    node: Node, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, f"{SHARED}/web1.qcow2", power=Power.OFF, os=NVRAM)
    operation = come_to_the_move(send(vm, to, anna, way=Way.HELD), alpha)
    assert alpha.machines[vm.pk].power is Power.PAUSED
    assert (status_of(vm), fresh(vm).wanted) == ("Stopped, migrating", Wanted.OFF)
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert (status_of(vm), beta.machines[vm.pk].power, where_it_is(vm.pk)) == ("Stopped", Power.OFF, BETA)
    assert told_of(vm) == OF_A_QUIET_MOVE


def test_one_that_is_off_moves_as_a_definition_if_both_nodes_see_all_of_it(
    node: Node, to: Node, alpha: FakeNode, anna: Person
):
    vm = add_mover(node, alpha, f"{SHARED}/web1.qcow2", power=Power.OFF)
    operation = send(vm, to, anna, way=Way.OFFLINE)
    assert status_of(vm) == "Stopped, migrating"
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert (status_of(vm), fresh(vm).node, where_it_is(vm.pk)) == ("Stopped", to, BETA)
    assert f"{SHARED}/web1.qcow2" in alpha.images


def test_one_that_somebody_paused_arrives_paused(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    alpha.become(mover.pk, Power.PAUSED, PowerReason.BY_REQUEST)
    look(mover)
    operation = come_to_the_move(send(mover, to, anna), alpha)
    assert status_of(mover) == "Paused, migrating"
    arrive(operation, alpha)
    take_steps(operation)
    assert (status_of(mover), fresh(mover).wanted, fresh(mover).node) == ("Paused", Wanted.PAUSED, to)


def test_whether_it_starts_with_its_node_goes_along(mover: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person):
    alpha.machines[mover.pk].autostart = True
    operation = come_to_the_move(send(mover, to, anna), alpha)
    arrive(operation, alpha)
    take_steps(operation)
    assert beta.machines[mover.pk].autostart


def test_what_the_guest_did_while_its_arrival_was_written_down_is_seen(
    mover: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person
):
    operation = come_to_the_move(send(mover, to, anna), alpha)
    arrive(operation, alpha)
    beta.become(mover.pk, Power.OFF, PowerReason.SHUT_DOWN)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert (status_of(mover), fresh(mover).wanted) == ("Stopped", Wanted.OFF)


# how far it is


def test_disks_and_memory_count_together_and_never_fall_back(node: Node, to: Node, alpha: FakeNode, anna: Person):
    vm = add_mover(node, alpha, "/images/web1.qcow2")
    alpha.images["/images/web1.qcow2"].capacity = 24 * MIB
    operation = come_to_the_move(send(vm, to, anna, copies=COPY, limit=MIB), alpha)
    go_on(operation, alpha, 16 * MIB)
    take_steps(operation, 1)
    assert (operation.permille, operation.bytes_left, operation.bytes_per_second) == (500, 16 * MIB, MIB)
    assert (operation.measures["stage"], operation.measures["disks"]) == ("disks", [16 * MIB, 24 * MIB])
    go_on(operation, alpha, 12 * MIB)
    take_steps(operation, 1)
    assert (operation.measures["stage"], operation.measures["memory"]) == ("memory", [4 * MIB, 8 * MIB])
    go_on(operation, alpha, -2 * MIB)
    take_steps(operation, 1)
    assert (operation.permille, operation.measures["memory"]) == (875, [2 * MIB, 8 * MIB])


def test_its_limit_can_be_changed_on_the_way(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = come_to_the_move(send(mover, to, anna, limit=4 * MIB), alpha)
    migration = alpha.machines[mover.pk].migration
    assert migration is not None
    assert migration.limit == 4 * MIB
    change_limit(operation, 16 * MIB, by=anna)
    take_steps(operation, 1)
    assert migration.limit == 16 * MIB


def test_a_guest_is_handed_over_when_somebody_asks_for_it_and_runs_to_people(
    mover: Vm, to: Node, alpha: FakeNode, anna: Person
):
    operation = come_to_the_move(send(mover, to, anna, post_copy=True), alpha)
    take_steps(operation, 1)
    assert alpha.machines[mover.pk].power is Power.RUNNING
    operation.measure({"post_copy_asked": True})
    take_steps(operation, 2)
    assert alpha.machines[mover.pk].reason is PowerReason.POSTCOPY
    assert (status_of(mover), fresh(mover).node.name) == ("Running, migrating", "alpha")
    assert operation.measures["stage"] == "handed_over"
    arrive(operation, alpha)
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert (status_of(mover), told_of(mover)) == ("Running", OF_A_QUIET_MOVE)


def test_what_people_ask_for_while_a_worker_measures_is_not_lost(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    of_the_worker = come_to_the_move(send(mover, to, anna, post_copy=True), alpha)
    assert ask_for_post_copy(Operation.objects.get(pk=of_the_worker.pk), by=anna)
    of_the_worker.measure({"rounds": 2})
    assert of_the_worker.measures["post_copy_asked"]
    assert of_the_worker.measures["rounds"] == 2


# its turn


def test_more_than_a_node_may_carry_at_once_wait_for_their_turn(
    node: Node, to: Node, alpha: FakeNode, anna: Person, settings: Settings
):
    settings.MIGRATIONS_PER_NODE = 1
    first, second = (add_mover(node, alpha, name=name) for name in ("web1", "web2"))
    one = come_to_the_move(send(first, to, anna), alpha)
    other = send(second, to, anna)
    take_steps(other, 2)
    assert (other.phase, alpha.machines[second.pk].migration) == (Phase.WAITING_FOR_TURN, None)
    assert next_in_turn(one.pk) == []
    arrive(one, alpha)
    take_steps(one)
    assert next_in_turn(one.pk) == [other.pk]
    come_to_the_move(other, alpha)


def test_news_of_either_node_wake_its_worker(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = come_to_the_move(send(mover, to, anna), alpha)
    arrive(operation, alpha)
    assert step(operation) is not None or operation.finished_at is None
    Operation.objects.filter(pk=operation.pk).update(next_step_at=operation.requested_at.replace(year=2999))
    look_everywhere()
    operation.refresh_from_db()
    assert operation.finished_at or operation.next_step_at.year < 2999


def test_it_can_be_cancelled_until_it_has_arrived(mover: Vm, to: Node, alpha: FakeNode, anna: Person):
    operation = come_to_the_move(send(mover, to, anna), alpha)
    assert may_be_cancelled(operation)
    Operation.objects.filter(pk=operation.pk).update(steps_done=5)
    operation.refresh_from_db()
    assert not may_be_cancelled(operation)


def test_its_definition_says_the_same_as_before(mover: Vm, to: Node, alpha: FakeNode, beta: FakeNode, anna: Person):
    before = describe(alpha.machines[mover.pk].xml)
    operation = come_to_the_move(send(mover, to, anna), alpha)
    arrive(operation, alpha)
    take_steps(operation)
    assert describe(beta.machines[mover.pk].xml) == before
