"""The question before the copying of a machine's disks is stopped: it names the machine and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Operation, Vm
from vms.operations.requesting import may_be_cancelled
from vms.rules.actions import MAKES_A_MACHINE, Action
from vms.rules.kinds import Kind
from vms.rules.status import Second
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates


def stop_question(operation: Operation, *, next_url: str) -> Confirmation:
    """operation: with its vm, and that one's origin prefetched. next_url: where the answer leads back to."""
    name = {"vm": operation.vm.display_name}
    words = _words_for(operation)
    return Confirmation(
        title=str(words.title) % name,
        text=str(words.consequence) % name if words.consequence else _consequence(operation.vm),
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
    return str(_words_for(operation).done) % {"vm": operation.vm.display_name}


@dataclass(frozen=True, slots=True)
class _Words:
    """consequence: None if it depends on the machine."""

    title: Promise
    consequence: Promise | None
    done: Promise


_STREAM = _Words(labels.STOP_STREAM, None, labels.STREAM_STOPS)
_MAKING = _Words(labels.STOP_MAKING, labels.MAKING_STOPS, labels.MAKING_IS_STOPPED)
_RESTORING = _Words(labels.STOP_RESTORING, labels.RESTORING_STOPS, labels.RESTORING_IS_STOPPED)


def _words_for(operation: Operation) -> _Words:
    if operation.action == Action.RESTORE:
        return _RESTORING
    return _MAKING if _is_half_made(operation) else _STREAM


def _is_half_made(operation: Operation) -> bool:
    """Whether the machine was not made as far as people can use it yet, and so goes."""
    return operation.action in MAKES_A_MACHINE and operation.second != Second.STREAMING


def _consequence(vm: Vm) -> str:
    if vm.origin is None:
        return str(labels.STAYS_LINKED_TO_UNKNOWN) % {"vm": vm.display_name}
    return str(labels.STAYS_LINKED[Kind(vm.origin.kind)]) % {"vm": vm.display_name, "origin": vm.origin.display_name}
