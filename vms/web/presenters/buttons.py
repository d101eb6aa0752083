"""Action buttons: on or off by the one table, and every off says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.models import Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.permission import may_somewhere
from vms.operations.requesting import holder_of
from vms.rules.actions import Action, Risk, risk_of
from vms.rules.asking import possible
from vms.rules.matrix import Verdict
from vms.rules.reasons import Reason
from vms.web import formats

ICON: Mapping[Action, str] = {
    Action.START: "play",
    Action.SHUTDOWN: "power-off",
    Action.POWER_OFF: "bolt",
    Action.RESET: "redo",
    Action.PAUSE: "pause",
    Action.DELETE: "trash",
}
"""The actions that are built. Others have no button yet."""

RUN_ACTIONS = (Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.PAUSE, Action.RESET)
OTHER_ACTIONS = (Action.DELETE,)

HELD_REASONS = frozenset(
    {
        *(Reason.RUN_SLOT_TAKEN, Reason.JOB_SLOT_TAKEN),
        *(Reason.IS_STARTING, Reason.IS_SHUTTING_DOWN, Reason.IS_POWERING_OFF, Reason.IS_DELETING),
        *(Reason.IS_STREAMING, Reason.IS_BACKING_UP, Reason.IS_MIGRATING, Reason.IS_CREATING, Reason.IS_RESTORING),
    }
)
"""The reasons behind which there is an operation, and so a person, a time and a percentage."""


@dataclass(frozen=True, slots=True)
class Button:
    """on: it can be pressed; why: what to say when it cannot. asks: it leads to a question first."""

    action: str
    label: str
    icon: str
    on: bool
    why: str
    danger: bool
    asks: bool
    url: str


def buttons(vm: Vm, actions: Sequence[Action], viewer: Viewer) -> list[Button]:
    """vm: from with_operations_under_way(). Actions that the viewer can do nowhere are left out."""
    facts = facts_of(vm, vm.under_way)
    offered = [action for action in actions if may_somewhere(viewer, action)]
    return [_button(vm, action, possible(facts, action)) for action in offered]


def _button(vm: Vm, action: Action, verdict: Verdict) -> Button:
    return Button(
        action=action,
        label=str(labels.ACTION[action]),
        icon=ICON[action],
        on=verdict.allowed,
        why=why_off(verdict.reason, holder_of(vm.under_way, action)) if verdict.reason else "",
        danger=risk_of(action) is Risk.LOSES_DATA,
        asks=risk_of(action) is not Risk.NONE,
        url=reverse("vms:action", args=[vm.uuid, action.replace("_", "-")]),
    )


def why_off(reason: Reason, holder: Operation | None) -> str:
    """The sentence, and who holds the machine since when and how far, if somebody does."""
    sentence = str(labels.REASON[reason])
    if holder is None or reason not in HELD_REASONS:
        return sentence
    return f"{sentence} {held_by(holder)}"


def held_by(operation: Operation) -> str:
    text = labels.HELD_BY if operation.percent is None else labels.HELD_BY_WITH_PERCENT
    return str(text) % {
        "action": labels.ACTION[Action(operation.action)],
        "person": operation.requested_by_name or labels.THE_PANEL,
        "since": formats.clock(operation.requested_at),
        "percent": formats.percent(operation.percent or 0),
    }
