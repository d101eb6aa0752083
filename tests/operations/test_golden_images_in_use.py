"""A golden image is prepared, sealed, put in use and taken away again."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.operations.golden import active_of, ask_for_image, image, make_image, mark_of, pool
from tests.operations.streaming import add_origin, come_to_the_pull, end_pull, take_steps
from tests.operations.working import ask, fresh, look, status_of, work
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Node, Operation, Vm, VmPool
from vms.models.facts import facts_of
from vms.operations.golden_images import (
    activate,
    seal_order,
    take_out_of_use,
)
from vms.operations.pooling import NoSuchPool
from vms.operations.requesting import ActionRefused, request_action
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.audit import Outcome, Why
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

pytestmark = pytest.mark.django_db

__all__ = ["image", "pool"]

READY, MAINTENANCE = Mode.READY_FOR_USE, Mode.MAINTENANCE


@pytest.fixture
def prepared(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person) -> Vm:
    """Copied to the end, started for its preparation, and shut down by its guest after that."""
    image = make_image(template, pool, alpha, anna, prepared=True, activate=True)
    alpha.machines[image.pk].power = Power.OFF
    look(image)
    return fresh(image)


def why_not(vm: Vm, action: Action) -> Reason | None:
    vm = fresh(vm)
    return possible(facts_of(vm, vm.operations.filter(finished_at=None)), action).reason


def seal(image: Vm, by: Person) -> Operation:
    return work(request_action(image, seal_order(image), by=by))


def add_dynamic(image: Vm, name: str = "desks-1") -> Vm:
    """A VM of the pool that stands on it."""
    there = {"node": image.node, "pool": image.pool, "origin": image, "link": Link.LINKED, "power": Power.RUNNING}
    return Vm.objects.create(uuid=uuid4(), name=name, display_name=name, kind=Kind.DYNAMIC, **there)


# Prepared and sealed


def test_one_to_be_prepared_is_started_when_it_is_copied(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    image = make_image(template, pool, alpha, anna, prepared=True, activate=True)
    look(image)
    assert (status_of(image), fresh(image).mode) == ("Running", MAINTENANCE)
    assert active_of(pool) is None
    assert why_not(image, Action.SEAL) is Reason.MUST_BE_STOPPED
    assert why_not(image, Action.ACTIVATE) is Reason.MUST_BE_STOPPED


def test_sealing_is_written_at_the_node_and_here(prepared: Vm, alpha: FakeNode, anna: Person):
    assert (status_of(prepared), why_not(prepared, Action.ACTIVATE)) == ("Stopped", Reason.IS_NOT_SEALED)
    assert seal(prepared, anna).progress == Progress.SUCCEEDED
    mark = mark_of(prepared, alpha)
    assert (mark.kind, mark.mode, mark.pool) == (Kind.GOLDEN_IMAGE, READY, prepared.pool_id)
    look(prepared)
    vm = fresh(prepared)
    assert (vm.kind, vm.mode, vm.mode_set_by_name) == (Kind.GOLDEN_IMAGE, READY, "anna")
    assert why_not(prepared, Action.START) is Reason.IS_SEALED
    assert why_not(prepared, Action.SEAL) is Reason.IS_SEALED


def test_what_was_chosen_when_it_was_made_is_done_once_it_is_sealed(prepared: Vm, pool: VmPool, anna: Person):
    seal(prepared, anna)
    assert active_of(pool) == prepared
    line = AuditLine.objects.get(request=Action.ACTIVATE)
    assert (line.outcome, line.person_key, line.subject_key) == (Outcome.SUCCEEDED, anna.pk, str(prepared.pk))


def test_sealing_alone_activates_nothing(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    image = make_image(template, pool, alpha, anna, prepared=True)
    look(image)
    work(ask(image, Action.POWER_OFF, anna))
    seal(fresh(image), anna)
    assert active_of(pool) is None


def test_while_it_is_sealed_nobody_starts_it(prepared: Vm, anna: Person):
    request_action(prepared, seal_order(prepared), by=anna)
    with pytest.raises(ActionRefused) as refused:
        ask(prepared, Action.START, anna)
    assert refused.value.reason is Reason.IS_BEING_CHANGED


def test_one_that_somebody_started_at_the_node_is_not_sealed(prepared: Vm, alpha: FakeNode, anna: Person):
    operation = request_action(prepared, seal_order(prepared), by=anna)
    alpha.machines[prepared.pk].power = Power.RUNNING
    work(operation, watched=False)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.WRONG_STATE)
    assert fresh(prepared).mode == MAINTENANCE


# In use


def test_activating_says_on_which_one_the_next_vms_stand(image: Vm, pool: VmPool, anna: Person):
    activate(image, by=anna)
    assert active_of(pool) == image
    assert why_not(image, Action.ACTIVATE) is why_not(image, Action.DELETE) is Reason.IS_ACTIVE_IMAGE
    assert AuditLine.objects.get(request=Action.ACTIVATE).outcome == Outcome.ACCEPTED


def test_one_can_go_back_to_an_earlier_one(image: Vm, template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    second = make_image(template, pool, alpha, anna, "debian 2", activate=True)
    assert active_of(pool) == second
    activate(image, by=anna)
    assert active_of(pool) == image
    assert why_not(second, Action.DELETE) is None


def test_one_that_cannot_be_activated_says_why(prepared: Vm, pool: VmPool, anna: Person, otto: Person):
    with pytest.raises(ActionRefused) as refused:
        activate(prepared, by=anna)
    assert refused.value.reason is Reason.IS_NOT_SEALED
    with pytest.raises(PermissionDenied):
        activate(prepared, by=otto)
    outcomes = AuditLine.objects.filter(request=Action.ACTIVATE).values_list("outcome", "reason")
    assert sorted(outcomes) == [(Outcome.REFUSED, Reason.IS_NOT_SEALED), (Outcome.REFUSED, Reason.NOT_PERMITTED)]
    assert active_of(pool) is None


def test_one_whose_disks_still_need_the_template_is_not_activated(image: Vm, anna: Person):
    Vm.objects.filter(pk=image.pk).update(link=Link.LINKED)
    assert why_not(image, Action.ACTIVATE) is Reason.NEEDS_ITS_TEMPLATE
    with pytest.raises(ActionRefused):
        activate(image, by=anna)


def test_without_a_pool_it_is_not_activated(image: Vm, anna: Person):
    Vm.objects.filter(pk=image.pk).update(pool=None)
    with pytest.raises(NoSuchPool):
        activate(fresh(image), by=anna)
    assert AuditLine.objects.get(request=Action.ACTIVATE).reason == Why.NOT_VALID


def test_it_can_be_taken_out_of_use(image: Vm, pool: VmPool, anna: Person):
    assert not take_out_of_use(image, by=anna)
    activate(image, by=anna)
    assert take_out_of_use(image, by=anna)
    assert active_of(pool) is None
    assert why_not(image, Action.DELETE) is None


# Taken away


def test_it_goes_with_its_disks(image: Vm, alpha: FakeNode, anna: Person):
    paths = [disk.path for disk in image.disks.all()]
    assert work(ask(image, Action.DELETE, anna, disks=paths)).progress == Progress.SUCCEEDED
    assert image.pk not in alpha.machines
    assert set(alpha.images) == {"/images/debian-a.qcow2"}


def test_it_stays_while_vms_stand_on_it(image: Vm, anna: Person):
    add_dynamic(image)
    assert why_not(image, Action.DELETE) is Reason.VMS_STAND_ON_IT
    with pytest.raises(ActionRefused):
        ask(image, Action.DELETE, anna)


def test_a_second_one_can_be_made_while_the_first_is_copied(template: Vm, pool: VmPool, alpha: FakeNode, anna: Person):
    first, second = (come_to_the_pull(ask_for_image(template, pool, anna, name), alpha) for name in ("one", "two"))
    for operation in (first, second):
        end_pull(operation, alpha)
        assert take_steps(operation).progress == Progress.SUCCEEDED


def test_one_without_disks_is_made_too(node: Node, pool: VmPool, alpha: FakeNode, anna: Person):
    image = make_image(add_origin(node, alpha, disks=0), pool, alpha, anna, activate=True)
    assert active_of(pool) == image
