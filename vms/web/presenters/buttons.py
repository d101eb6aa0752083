"""Action buttons: on or off by the one table, and every off says why.

Many machines are in the same state, so a row of buttons is rendered once for each state and reused: only the
machine's id differs, and is put in afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from vms import labels
from vms.models import Operation, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.permission import may_somewhere
from vms.rules.actions import SLOT, Action, Risk, Slot, risk_of
from vms.rules.asking import possible
from vms.rules.reasons import Reason
from vms.rules.status import Facts
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

RUN_ACTIONS = (Action.START, Action.SHUTDOWN, Action.POWER_OFF)
OTHER_ACTIONS = (Action.DELETE,)
MORE_ACTIONS = (Action.PAUSE, Action.RESET)
"""A row has the buttons of the user's document. What is beyond it stands behind "+" and on the machine's page."""

HELD_REASONS = frozenset(
    {
        *(Reason.RUN_SLOT_TAKEN, Reason.JOB_SLOT_TAKEN),
        *(Reason.IS_STARTING, Reason.IS_SHUTTING_DOWN, Reason.IS_POWERING_OFF, Reason.IS_DELETING),
        *(Reason.IS_STREAMING, Reason.IS_BACKING_UP, Reason.IS_MIGRATING, Reason.IS_CREATING, Reason.IS_RESTORING),
    }
)
"""The reasons behind which there is an operation, and so a person, a time and a percentage."""

ANY_MACHINE = "00000000-0000-0000-0000-000000000000"
DIFFERENT_BARS_KEPT = 2048

Holders = tuple[tuple[str, str], ...]
"""(slot, who holds it in words) of the operations under way."""


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


def offered(actions: Sequence[Action], viewer: Viewer) -> tuple[Action, ...]:
    """Without those that the viewer can do nowhere."""
    return tuple(action for action in actions if may_somewhere(viewer, action))


def action_bar(vm: Vm, actions: tuple[Action, ...], *, words: bool = False) -> SafeString:
    """The buttons of one machine as HTML. vm: from with_operations_under_way(); words: show the labels too."""
    holders = tuple((operation.slot, held_by(operation)) for operation in vm.under_way)
    bar = _bar_of_any_machine(facts_of(vm, vm.under_way), actions, holders, get_language() or "", words=words)
    return mark_safe(bar.replace(ANY_MACHINE, str(vm.uuid)))  # noqa: S308 -- a UUID in what a template escaped


@lru_cache(DIFFERENT_BARS_KEPT)
def _bar_of_any_machine(
    facts: Facts, actions: tuple[Action, ...], holders: Holders, _language: str, *, words: bool
) -> str:
    buttons = [_button(facts, action, holders) for action in actions]
    return render_to_string("components/actions.html", {"buttons": buttons, "words": words})


def _button(facts: Facts, action: Action, holders: Holders) -> Button:
    verdict = possible(facts, action)
    return Button(
        action=action,
        label=str(labels.ACTION[action]),
        icon=ICON[action],
        on=verdict.allowed,
        why=_sentence(verdict.reason, _holder_of(holders, action)) if verdict.reason else "",
        danger=risk_of(action) is Risk.LOSES_DATA,
        asks=risk_of(action) is not Risk.NONE,
        url=reverse("vms:action", args=[ANY_MACHINE, action.replace("_", "-")]),
    )


def _holder_of(holders: Holders, action: Action) -> str:
    """Who holds the slot that the action needs, else who holds the machine at all, in words."""
    in_slot = dict(holders)
    return in_slot.get(SLOT.get(action, Slot.RUN)) or next(iter(in_slot.values()), "")


def why_off(reason: Reason, holder: Operation | None) -> str:
    """The sentence, and who holds the machine since when and how far, if somebody does."""
    return _sentence(reason, held_by(holder) if holder else "")


def _sentence(reason: Reason, holder: str) -> str:
    sentence = str(labels.REASON[reason])
    return f"{sentence} {holder}" if holder and reason in HELD_REASONS else sentence


def held_by(operation: Operation) -> str:
    text = labels.HELD_BY if operation.percent is None else labels.HELD_BY_WITH_PERCENT
    return str(text) % {
        "action": labels.ACTION[Action(operation.action)],
        "person": operation.requested_by_name or labels.THE_PANEL,
        "since": formats.clock(operation.requested_at),
        "percent": formats.percent(operation.percent or 0),
    }
