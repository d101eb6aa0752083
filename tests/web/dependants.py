"""Machines whose disks still need another's, as rows: nothing is copied."""

from __future__ import annotations

from typing import Any

from tests.conftest import AddVm
from vms.models import Operation, Vm
from vms.operations.settling import settle
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Link
from vms.rules.progress import Phase, Progress
from vms.rules.status import Second

BY_SCRIPT = {"HX-Request": "true"}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def messages_of(answer: Any) -> str:
    return text_of(answer).partition('id="messages"')[2]


def add_dependant(add_vm: AddVm, origin: Vm, name: str, permille: int | None = None, **more: Any) -> Vm:
    """One that streams, as far as that."""
    vm = add_vm(name, origin=origin, link=Link.STREAMING)
    plan = {"disks": [{"target": "vda", "path": f"/images/{name}", "below": "/images/debian"}]}
    phase = Phase.WAITING_FOR_TURN if permille is None else Phase.STREAMING
    fields: dict[str, Any] = {
        "action": Action.PERSISTENT,
        "slot": Slot.JOB,
        "second": Second.STREAMING,
        "progress": Progress.WORKING,
        "permille": permille,
        "phase": phase,
        "arguments": plan,
        "requested_by_name": "anna",
        **more,
    }
    Operation.objects.create(vm=vm, node=vm.node, **fields)
    settle(vm.uuid, origin.uuid)
    return vm


def add_linked(add_vm: AddVm, origin: Vm, name: str) -> Vm:
    vm = add_vm(name, origin=origin, link=Link.LINKED)
    settle(origin.uuid)
    return vm


def loaded(vm: Vm) -> Vm:
    return Vm.objects.all().with_operations_under_way().get(pk=vm.pk)


def job_of(vm: Vm) -> Operation:
    return Operation.objects.get(vm=vm, finished_at=None)
