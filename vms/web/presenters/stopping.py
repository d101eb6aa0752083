"""The question before the copying of a machine's disks is stopped: it names the machine and what follows."""

from __future__ import annotations

from django.urls import reverse

from vms import labels
from vms.models import Operation, Vm
from vms.operations.requesting import may_be_cancelled
from vms.rules.actions import MAKES_A_MACHINE
from vms.rules.kinds import Kind
from vms.rules.status import Second
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates


def stop_question(operation: Operation, *, next_url: str) -> Confirmation:
    """operation: with its vm, and that one's origin prefetched. next_url: where the answer leads back to."""
    name = {"vm": operation.vm.display_name}
    can_be_used = _can_be_used(operation)
    title = labels.STOP_STREAM if can_be_used else labels.STOP_MAKING
    return Confirmation(
        title=str(title) % name,
        text=_consequence(operation.vm) if can_be_used else str(labels.MAKING_STOPS) % name,
        points=[],
        disks=Fates(),
        label=str(labels.STOP_IT),
        danger=False,
        url=reverse("operations:stop", args=[operation.pk]),
        cancel_url=next_url,
        key=None,
        refused="" if may_be_cancelled(operation) else str(labels.TOO_LATE_TO_CANCEL),
        next_url=next_url,
    )


def is_being_stopped(operation: Operation) -> str:
    """A sentence."""
    words = labels.STREAM_STOPS if _can_be_used(operation) else labels.MAKING_IS_STOPPED
    return str(words) % {"vm": operation.vm.display_name}


def _can_be_used(operation: Operation) -> bool:
    """Whether the machine was made as far as people can use it, and so stays."""
    return operation.action not in MAKES_A_MACHINE or operation.second == Second.STREAMING


def _consequence(vm: Vm) -> str:
    if vm.origin is None:
        return str(labels.STAYS_LINKED_TO_UNKNOWN) % {"vm": vm.display_name}
    return str(labels.STAYS_LINKED[Kind(vm.origin.kind)]) % {"vm": vm.display_name, "origin": vm.origin.display_name}
