"""Delete protection: whoever asks, and in whichever way, until somebody takes it off."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.streaming import add_origin, ask_for
from tests.operations.test_auditing import lines
from tests.operations.working import ask, fresh, leave_to_a_dead_worker, work
from vms.hypervisor.fake import FakeNode
from vms.models import Bulk, BulkItem, Disk, Node, Operation, Vm
from vms.operations.bulk import plan, request_bulk
from vms.operations.bulk_asking import ask_some
from vms.operations.describing import protect
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request
from vms.rules.kinds import Kind, Mode
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason

pytestmark = pytest.mark.django_db


def test_it_is_put_on_and_taken_off_and_both_are_written_down(vm: Vm, anna: Person) -> None:
    protect(vm, True, by=anna)
    assert fresh(vm).protected
    protect(vm, False, by=anna)
    assert not fresh(vm).protected
    assert lines(vm) == [(Request.PROTECT, Outcome.ACCEPTED, ""), (Request.UNPROTECT, Outcome.ACCEPTED, "")]


def test_what_is_so_already_is_no_news(vm: Vm, anna: Person) -> None:
    protect(vm, False, by=anna)
    assert lines(vm) == []


@pytest.mark.parametrize("on", [True, False])
def test_it_needs_the_right_to_manage_machines(vm: Vm, otto: Person, on: bool) -> None:
    Vm.objects.update(protected=not on)
    with pytest.raises(PermissionDenied):
        protect(vm, on, by=otto)
    assert fresh(vm).protected is not on
    request = Request.PROTECT if on else Request.UNPROTECT
    assert lines(vm) == [(request, Outcome.REFUSED, Reason.NOT_PERMITTED)]


def test_a_protected_machine_is_not_deleted_until_it_is_taken_off(vm: Vm, alpha: FakeNode, anna: Person) -> None:
    protect(vm, True, by=anna)
    with pytest.raises(ActionRefused) as refused:
        ask(vm, Action.DELETE, anna, disks=[])
    assert refused.value.reason is Reason.IS_PROTECTED
    protect(vm, False, by=anna)
    assert work(ask(vm, Action.DELETE, anna, disks=[])).progress == Progress.SUCCEEDED


def test_a_worker_looks_once_more_before_it_begins(vm: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask(vm, Action.DELETE, anna, disks=[])
    protect(vm, True, by=anna)
    work(operation)
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_LONGER_POSSIBLE)
    assert vm.pk in alpha.machines


def test_it_comes_too_late_for_a_delete_that_has_begun(vm: Vm, anna: Person) -> None:
    leave_to_a_dead_worker(ask(vm, Action.DELETE, anna, disks=[]))
    with pytest.raises(ActionRefused) as refused:
        protect(vm, True, by=anna)
    assert refused.value.reason is Reason.IS_DELETING
    assert not fresh(vm).protected
    assert lines(vm)[-1] == (Request.PROTECT, Outcome.REFUSED, Reason.IS_DELETING)


def test_of_many_the_protected_are_refused(add_vm: AddVm, alpha: FakeNode, anna: Person) -> None:
    kept, later, gone = add_vm("kept"), add_vm("later"), add_vm("gone")
    protect(kept, True, by=anna)
    planned = plan(Vm.objects.all().with_operations_under_way(), Action.DELETE, by=anna)
    bulk = request_bulk(Action.DELETE, planned, key=uuid4(), by=anna)
    protect(later, True, by=anna)
    ask_some(bulk.pk)
    refusals = dict(BulkItem.objects.values_list("vm", "refusal"))
    assert refusals == {kept.pk: Reason.IS_PROTECTED, later.pk: Reason.IS_PROTECTED, gone.pk: ""}
    assert Operation.objects.get().vm_id == gone.pk
    assert Bulk.objects.get().items.count() == 3


def test_a_protected_template_too(node: Node, alpha: FakeNode, anna: Person) -> None:
    template = add_origin(node, alpha)
    protect(template, True, by=anna)
    with pytest.raises(ActionRefused):
        ask(template, Action.DELETE, anna, disks=[])


@pytest.mark.parametrize("kind", [Kind.VM, Kind.TEMPLATE])
def test_what_is_made_of_it_is_not_protected(node: Node, alpha: FakeNode, anna: Person, kind: Kind) -> None:
    origin = add_origin(node, alpha, kind=kind)
    Vm.objects.filter(pk=origin.pk).update(mode=Mode.READY_FOR_USE if kind is Kind.TEMPLATE else "")
    protect(origin, True, by=anna)
    (operation,) = ask_for(fresh(origin), "copy", by=anna)
    assert not fresh(operation.vm).protected


def test_a_disk_that_another_machine_has_stays_when_many_are_deleted(
    add_vm: AddVm, alpha: FakeNode, anna: Person
) -> None:
    vm, other = add_vm("web1"), add_vm("web2")
    for target, path in (("vda", "/images/own"), ("vdb", "/images/both")):
        Disk.objects.create(vm=vm, target=target, device="disk", path=path, made_by_panel=True)
    Disk.objects.create(vm=other, target="vda", device="disk", path="/images/both")
    planned = plan(Vm.objects.all().with_operations_under_way().filter(pk=vm.pk), Action.DELETE, by=anna)
    ask_some(request_bulk(Action.DELETE, planned, key=uuid4(), by=anna).pk)
    assert Operation.objects.get().arguments == {"disks": ["/images/own"]}
