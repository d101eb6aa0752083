"""Who has a dynamic VM, and since when."""

from __future__ import annotations

from vms.labels import dynamic as words
from vms.models import Vm
from vms.web import formats


def holder_of(vm: Vm) -> str:
    """The person, "" if it is free. vm: with whom it is assigned to."""
    return str(vm.assigned_to or words.SOMEBODY_GONE) if vm.assigned_at else ""


def held_since(vm: Vm) -> str:
    return formats.clock(vm.assigned_at) if vm.assigned_at else ""


def holder_and_since(vm: Vm) -> str:
    """For a sentence by itself. vm: with whom it is assigned to."""
    if vm.assigned_at is None:
        return str(words.NOBODY_YET)
    return str(words.PERSON_SINCE) % {"person": holder_of(vm), "since": held_since(vm)}
