"""May this be asked of this machine now? The table first, then what only the moment can tell."""

from collections.abc import Mapping

from vms.rules.actions import MAY_SUPERSEDE, SLOT, Action, Slot
from vms.rules.matrix import Verdict, verdict
from vms.rules.power import HAS_PROCESS
from vms.rules.reasons import Reason
from vms.rules.status import Facts, Main, Second, Status, status_of


def possible(facts: Facts, action: Action) -> Verdict:
    """The verdict for a machine as it is now."""
    status = status_of(facts)
    answer = verdict(facts.kind, status, facts.mode, action)
    refusal = _refused_now(facts, status, action) if answer.allowed else _sharper(facts, answer.reason)
    return Verdict(allowed=False, reason=refusal) if refusal else answer


def _sharper(facts: Facts, reason: Reason | None) -> Reason | None:
    unknown_because_gone = reason is Reason.IS_UNKNOWN and not facts.known_to_node
    return Reason.GONE_FROM_NODE if unknown_because_gone else reason


def _refused_now(facts: Facts, status: Status, action: Action) -> Reason | None:
    if action is Action.POWER_OFF and status.main is Main.CRASHED and facts.power not in HAS_PROCESS:
        return Reason.NO_PROCESS_LEFT
    if SLOT.get(action) is Slot.RUN and _run_slot_is_closed(facts, action):
        return Reason.RUN_SLOT_TAKEN
    if action in _NEEDS_NO_JOB and facts.job and (facts.job is not Second.STREAMING or status.second is None):
        return Reason.JOB_SLOT_TAKEN
    return None


_NEEDS_NO_JOB = frozenset(action for action, slot in SLOT.items() if slot is Slot.JOB) | {Action.DELETE}
"""A job would be torn apart. Delete during streaming is the table's own exception."""


def _run_slot_is_closed(facts: Facts, action: Action) -> bool:
    return facts.run is not None and facts.run not in MAY_SUPERSEDE.get(action, frozenset())


_ALREADY_SO: Mapping[Action, frozenset[Reason]] = {
    Action.START: frozenset({Reason.IS_RUNNING}),
    Action.SHUTDOWN: frozenset({Reason.IS_STOPPED}),
    Action.POWER_OFF: frozenset({Reason.IS_STOPPED, Reason.NO_PROCESS_LEFT}),
    Action.PAUSE: frozenset({Reason.IS_PAUSED}),
}


def already_so(action: Action, reason: Reason | None) -> bool:
    """Whether an action is refused only because what it would bring about is true already."""
    return reason in _ALREADY_SO.get(action, frozenset())
