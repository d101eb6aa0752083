"""Who holds a machine: which operation, whose, since when, how far, and for how long still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action, Slot
from vms.rules.reasons import Reason
from vms.web import formats
from vms.web.presenters.dependants import who_needs_it, who_stands_on_it
from vms.web.presenters.journeys import from_to
from vms.web.presenters.operations import seconds_left

SLOT_BEHIND: Mapping[Reason, Slot] = {
    **dict.fromkeys((Reason.RUN_SLOT_TAKEN, Reason.IS_STARTING, Reason.IS_SHUTTING_DOWN), Slot.RUN),
    **dict.fromkeys((Reason.IS_POWERING_OFF, Reason.IS_DELETING), Slot.RUN),
    **dict.fromkeys((Reason.JOB_SLOT_TAKEN, Reason.IS_STREAMING, Reason.IS_BACKING_UP), Slot.JOB),
    Reason.IS_BEING_CHANGED: Slot.CHANGE,
    Reason.BACKUPS_BUSY: Slot.BACKUPS,
    **dict.fromkeys((Reason.IS_MIGRATING, Reason.IS_CREATING, Reason.IS_RESTORING), Slot.JOB),
}
"""The reasons behind which there is an operation, and so a person, a time and a percentage; and in which slot."""

DEPENDANTS = "dependants"
DEPENDANTS_BEHIND = frozenset({Reason.TEMPLATE_IS_STREAMED_FROM, Reason.IS_BEING_COPIED})
"""The reasons behind which there are other machines: their names and how far they are say more than the reason."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has this slot, in a sentence; or who depends on the machine, for DEPENDANTS."""

    slot: str
    text: str


def holders(vm: Vm, viewer: Viewer) -> tuple[Holder, ...]:
    """vm: from with_operations_under_way()."""
    in_the_way = (operation for operation in vm.under_way if operation.slot != Slot.BACKUPS)
    working = tuple(Holder(operation.slot, held_by(operation, viewer)) for operation in in_the_way)
    needed_by = who_needs_it(vm, viewer)
    return (*working, Holder(DEPENDANTS, needed_by)) if needed_by else working


def why_off(reason: Reason, holder: Operation | None, vm: Vm | None, viewer: Viewer) -> str:
    """The sentence, and who holds the machine since when and how far, if somebody does; or which machines need it,
    and how far they are. vm: from with_operations_under_way(), if that is at hand."""
    sentence = (vm and _others_behind(reason, vm, viewer)) or str(labels.REASON[reason])
    return f"{sentence} {held_by(holder, viewer)}" if holder and reason in SLOT_BEHIND else sentence


def _others_behind(reason: Reason, vm: Vm, viewer: Viewer) -> str:
    if reason is Reason.VMS_STAND_ON_IT:
        return who_stands_on_it(vm, viewer)
    return who_needs_it(vm, viewer) if reason in DEPENDANTS_BEHIND else ""


def refusal(vm: Vm, refused: ActionRefused, viewer: Viewer) -> str:
    """A sentence that names the action and the machine. vm: from with_operations_under_way()."""
    return str(labels.ACTION_REFUSED) % {
        "action": labels.ACTION[refused.action],
        "vm": vm.display_name,
        "why": why_off(refused.reason, refused.holder, vm, viewer),
    }


def held_by(operation: Operation, viewer: Viewer) -> str:
    """A sentence; for a machine on its way a second one, from where to where."""
    rest = seconds_left(operation)
    held = str(_sentence(operation, rest)) % {
        "action": labels.ACTION[Action(operation.action)],
        "person": operation.requested_by_name or labels.THE_PANEL,
        "since": formats.clock(operation.requested_at),
        "percent": formats.percent(operation.percent or 0),
        "duration": formats.span(rest or 0),
    }
    return " ".join(part for part in (held, from_to(operation, viewer)) if part)


def _sentence(operation: Operation, rest: float | None) -> object:
    if operation.percent is None:
        return labels.HELD_BY
    return labels.HELD_BY_WITH_PERCENT if rest is None else labels.HELD_BY_WITH_TIME_LEFT
