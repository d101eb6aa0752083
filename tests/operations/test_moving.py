"""Asking for a machine to be moved, and for more while it is on its way."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.places import tell_of
from tests.operations.working import ask, status_of
from vms.models import AuditLine, Node, Operation, Vm
from vms.operations.migrating import (
    ActionRefused,
    MigrationOrder,
    NodeIsOut,
    ask_for_post_copy,
    request_migration,
)
from vms.operations.requesting import change_limit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Why
from vms.rules.duty import Duty
from vms.rules.moving import Move
from vms.rules.placing import Obstacle
from vms.rules.preflight import Lack, Way
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _known(node: Node, second_node: Node) -> None:
    tell_of(node, second_node)


def move(vm: Vm, to: Node, by: Person, **chosen: Any) -> Operation:
    return request_migration(vm, MigrationOrder(to, **{"way": Way.LIVE, **chosen}), by=by)


def lines_of(request: str) -> list[tuple[str, str]]:
    return list(AuditLine.objects.filter(request=request).order_by("pk").values_list("outcome", "reason"))


def test_the_machine_is_migrating_from_the_first_moment_on(
    running_vm: Vm, node: Node, second_node: Node, anna: Person
) -> None:
    operation = move(running_vm, second_node, anna, limit=5 * MIB, converges=True, post_copy=True)
    assert status_of(running_vm) == "Running, migrating"
    assert (operation.node, operation.limit, operation.percent) == (node, 5 * MIB, 0)
    expected = Move(node.pk, second_node.pk, Way.LIVE, converges=True, post_copy=True)
    assert Move.from_arguments(operation.arguments) == expected


def test_disks_are_copied_into_images_that_nobody_has(running_vm: Vm, second_node: Node, anna: Person) -> None:
    operation = move(running_vm, second_node, anna, copies=("vda", "vdb"), folder="/images")
    first, second = Move.from_arguments(operation.arguments).copies.values()
    assert first.startswith("/images/web1-")
    assert (first[-10:], second[-10:]) == ("-vda.qcow2", "-vdb.qcow2")
    Operation.objects.all().delete()
    again = move(running_vm, second_node, anna, copies=("vda", "vdb"), folder="/images")
    assert {first, second}.isdisjoint(again.arguments["copies"].values())


def test_the_trail_says_from_where_to_where(running_vm: Vm, second_node: Node, anna: Person) -> None:
    operation = move(running_vm, second_node, anna)
    line = AuditLine.objects.get(request=Action.MIGRATE)
    assert (line.outcome, line.operation_key) == (Outcome.ACCEPTED, operation.pk)
    assert line.values == {"home": "alpha", "to": "beta"}


def test_who_may_start_and_stop_may_not_migrate(running_vm: Vm, second_node: Node, otto: Person) -> None:
    with pytest.raises(PermissionDenied):
        move(running_vm, second_node, otto)
    assert lines_of(Action.MIGRATE) == [(Outcome.REFUSED, Reason.NOT_PERMITTED)]


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [({"reachable": False}, Obstacle.UNREACHABLE), ({"duty": Duty.MAINTENANCE}, Obstacle.MAINTENANCE)],
)
def test_a_node_that_is_out_is_refused(
    change: dict[str, Any], obstacle: Obstacle, running_vm: Vm, second_node: Node, anna: Person
) -> None:
    Node.objects.filter(pk=second_node.pk).update(**change)
    second_node.refresh_from_db()
    with pytest.raises(NodeIsOut) as refused:
        move(running_vm, second_node, anna)
    assert refused.value.against == (obstacle,)
    assert lines_of(Action.MIGRATE) == [(Outcome.REFUSED, Why.NODE_IS_OUT)]
    assert status_of(running_vm) == "Running"


def test_it_is_there_already(running_vm: Vm, node: Node, anna: Person) -> None:
    with pytest.raises(NodeIsOut) as refused:
        move(running_vm, node, anna)
    assert refused.value.against == (Lack.IS_HOME,)


@pytest.mark.parametrize("folder", ["", "/etc"])
def test_disks_are_copied_into_folders_of_pools_only(
    folder: str, running_vm: Vm, second_node: Node, anna: Person
) -> None:
    with pytest.raises(NodeIsOut) as refused:
        move(running_vm, second_node, anna, copies=("vda",), folder=folder)
    assert refused.value.against == (Obstacle.NO_STORAGE,)


def test_what_is_being_moved_is_not_moved_to_a_third_node(
    running_vm: Vm, node: Node, second_node: Node, anna: Person, berta: Person
) -> None:
    operation = move(running_vm, second_node, anna)
    for person in (anna, berta):
        with pytest.raises(ActionRefused) as refused:
            move(running_vm, node, person)
        assert (refused.value.reason, refused.value.holder) == (Reason.IS_MIGRATING, operation)


def test_the_same_submitted_again_does_nothing(running_vm: Vm, second_node: Node, anna: Person) -> None:
    key = uuid4()
    operation = move(running_vm, second_node, anna, key=key)
    assert move(running_vm, second_node, anna, key=key) == operation
    Vm.objects.update(node=second_node)
    operation.become(Progress.WORKING)
    operation.become(Progress.SUCCEEDED)
    assert move(running_vm, second_node, anna, key=key) == operation, "also when it has arrived"


def test_what_cannot_be_moved_now_says_why(vm: Vm, second_node: Node, anna: Person) -> None:
    ask(vm, Action.DELETE, anna)
    with pytest.raises(ActionRefused):
        move(vm, second_node, anna, way=Way.OFFLINE)


def test_the_limit_can_be_changed_on_the_way(running_vm: Vm, second_node: Node, anna: Person) -> None:
    operation = move(running_vm, second_node, anna)
    change_limit(operation, 7 * MIB, by=anna)
    operation.refresh_from_db()
    assert operation.limit == 7 * MIB


def test_it_is_handed_over_now_if_it_was_allowed_to_be(running_vm: Vm, second_node: Node, anna: Person) -> None:
    operation = move(running_vm, second_node, anna, post_copy=True)
    operation.measures = {"rounds": 3}
    operation.save()
    assert ask_for_post_copy(operation, by=anna)
    operation.refresh_from_db()
    assert operation.measures == {"rounds": 3, "post_copy_asked": True}
    assert not ask_for_post_copy(operation, by=anna), "once is enough"
    assert lines_of(Request.POST_COPY) == [(Outcome.ACCEPTED, ""), (Outcome.REFUSED, Why.TOO_LATE)]


def test_it_is_not_handed_over_early_if_nobody_allowed_it(running_vm: Vm, second_node: Node, anna: Person) -> None:
    assert not ask_for_post_copy(move(running_vm, second_node, anna), by=anna)


def test_one_that_is_on_its_way_back_is_not_handed_over(running_vm: Vm, second_node: Node, anna: Person) -> None:
    operation = move(running_vm, second_node, anna, post_copy=True)
    operation.turn_back(Progress.CANCELLED)
    assert not ask_for_post_copy(operation, by=anna)


def test_others_do_not_hand_it_over(running_vm: Vm, second_node: Node, anna: Person, nobody: Person) -> None:
    operation = move(running_vm, second_node, anna, post_copy=True)
    with pytest.raises(PermissionDenied):
        ask_for_post_copy(operation, by=nobody)
    assert lines_of(Request.POST_COPY) == [(Outcome.REFUSED, Reason.NOT_PERMITTED)]
