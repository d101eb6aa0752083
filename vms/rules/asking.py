"""May this be asked of this machine now? The table first, then what only the moment can tell."""

from collections.abc import Callable, Mapping, Sequence

from vms.rules.actions import MAY_SUPERSEDE, SLOT, Action, Slot
from vms.rules.kinds import Kind
from vms.rules.matrix import Verdict, verdict
from vms.rules.power import HAS_PROCESS
from vms.rules.reasons import Reason
from vms.rules.status import Facts, Main, Second, Status, status_of


def possible(facts: Facts, action: Action) -> Verdict:
    """The verdict for a machine as it is now."""
    status = status_of(facts)
    answer = _answer_of_the_table(facts, status, action)
    refusal = _refused_now(facts, status, action) if answer.allowed else _sharper(facts, answer.reason)
    return Verdict(allowed=False, reason=refusal) if refusal else answer


def _answer_of_the_table(facts: Facts, status: Status, action: Action) -> Verdict:
    """A dynamic VM of which its node knows nothing any more leaves at most its overlay: that may go."""
    is_left_over = facts.kind is Kind.DYNAMIC and facts.node_reachable and not facts.known_to_node
    if is_left_over and action is Action.DELETE and facts.run is None:
        return Verdict(allowed=True)
    return verdict(facts.kind, status, facts.mode, _JUDGED_AS.get(action, action))


_JUDGED_AS: Mapping[Action, Action] = {Action.MOVE_TO_POOL: Action.EDIT}
"""It has no column of its own."""


def _sharper(facts: Facts, reason: Reason | None) -> Reason | None:
    unknown_because_gone = reason is Reason.IS_UNKNOWN and not facts.known_to_node
    return Reason.GONE_FROM_NODE if unknown_because_gone else reason


def _refused_now(facts: Facts, status: Status, action: Action) -> Reason | None:
    return next((reason for stands, reason in _IN_THE_WAY if stands(facts, status, action)), None)


def _no_process_is_left(facts: Facts, status: Status, action: Action) -> bool:
    return action is Action.POWER_OFF and status.main is Main.CRASHED and facts.power not in HAS_PROCESS


def _a_process_is_left(facts: Facts, status: Status, action: Action) -> bool:
    return action is Action.RESTORE and status.main is Main.CRASHED and facts.power in HAS_PROCESS


def _is_protected(facts: Facts, _status: Status, action: Action) -> bool:
    return facts.protected and action is Action.DELETE


def _run_slot_is_taken(facts: Facts, _status: Status, action: Action) -> bool:
    superseded = MAY_SUPERSEDE.get(action, frozenset())
    return SLOT.get(action) is Slot.RUN and facts.run is not None and facts.run not in superseded


def _is_also_elsewhere(facts: Facts, _status: Status, action: Action) -> bool:
    return facts.doubled and action in _NEEDS_TO_BE_IN_ONE_PLACE


def _is_being_changed(facts: Facts, _status: Status, action: Action) -> bool:
    is_being_sealed = facts.kind is Kind.GOLDEN_IMAGE and action is Action.START
    changes_it_too = SLOT.get(action) is Slot.CHANGE or action in _NEEDS_IT_TO_STAY_AS_IT_IS
    return facts.changes and (changes_it_too or is_being_sealed)


def _vms_stand_on_it(facts: Facts, _status: Status, action: Action) -> bool:
    return facts.has_dependants and facts.kind is Kind.GOLDEN_IMAGE and action in _CHANGES_THE_DISKS


def _is_the_active_image(facts: Facts, _status: Status, action: Action) -> bool:
    return facts.active and action in {Action.DELETE, Action.ACTIVATE}


def _is_being_copied(facts: Facts, _status: Status, action: Action) -> bool:
    """For a template its own row of the table says so."""
    return facts.has_dependants and facts.kind is Kind.VM and action in _CHANGES_THE_DISKS


def _needs_its_template(facts: Facts, _status: Status, action: Action) -> bool:
    return facts.linked and action in _NEEDS_OWN_DISKS


def _job_slot_is_taken(facts: Facts, status: Status, action: Action) -> bool:
    if action not in _NEEDS_NO_JOB or facts.job is None:
        return False
    return facts.job is not Second.STREAMING or status.second is None


_NEEDS_IT_TO_STAY_AS_IT_IS = frozenset({Action.DELETE, Action.MIGRATE, Action.RESTORE})
"""A definition that is written while it is taken away would bring the machine back."""

_NEEDS_TO_BE_IN_ONE_PLACE = frozenset(
    {
        *(Action.START, Action.MIGRATE, Action.DELETE, Action.EDIT, Action.TOGGLE, Action.MAKE_TEMPLATE),
        *(Action.CLONE, Action.PERSISTENT, Action.DYNAMIC, Action.BACK_UP, Action.RESTORE),
        *(Action.SEAL, Action.MOVE_TO_POOL),
    }
)
"""Two of a machine would write to the same disks, and of two definitions nobody knows which one counts."""

_CHANGES_THE_DISKS = frozenset({Action.START, Action.MIGRATE, Action.DELETE, Action.RESTORE})
"""Others still read them."""

_NEEDS_OWN_DISKS = frozenset(
    {
        *(Action.CLONE, Action.MAKE_TEMPLATE, Action.MIGRATE, Action.PERSISTENT, Action.DYNAMIC),
        *(Action.ACTIVATE, Action.PROVIDE),
    }
)
"""Others are to stand on its disks, or these are to leave: they must stand alone."""

_NEEDS_NO_JOB = frozenset(
    {
        *(Action.MIGRATE, Action.BACK_UP, Action.PERSISTENT, Action.DYNAMIC),
        *(Action.CLONE, Action.MAKE_TEMPLATE, Action.DELETE, Action.RESTORE),
    }
)
"""A job would be torn apart. Delete during streaming is the table's own exception."""

_IN_THE_WAY: Sequence[tuple[Callable[[Facts, Status, Action], bool], Reason]] = (
    (_no_process_is_left, Reason.NO_PROCESS_LEFT),
    (_a_process_is_left, Reason.MUST_BE_STOPPED),
    (_is_protected, Reason.IS_PROTECTED),
    (_is_also_elsewhere, Reason.ALSO_ELSEWHERE),
    (_run_slot_is_taken, Reason.RUN_SLOT_TAKEN),
    (_is_being_changed, Reason.IS_BEING_CHANGED),
    (_is_being_copied, Reason.IS_BEING_COPIED),
    (_is_the_active_image, Reason.IS_ACTIVE_IMAGE),
    (_vms_stand_on_it, Reason.VMS_STAND_ON_IT),
    (_needs_its_template, Reason.NEEDS_ITS_TEMPLATE),
    (_job_slot_is_taken, Reason.JOB_SLOT_TAKEN),
)
"""What only the moment can tell; the first that stands in the way is said."""


_ALREADY_SO: Mapping[Action, frozenset[Reason]] = {
    Action.START: frozenset({Reason.IS_RUNNING}),
    Action.SHUTDOWN: frozenset({Reason.IS_STOPPED}),
    Action.POWER_OFF: frozenset({Reason.IS_STOPPED, Reason.NO_PROCESS_LEFT}),
    Action.PAUSE: frozenset({Reason.IS_PAUSED}),
}


def already_so(action: Action, reason: Reason | None) -> bool:
    """Whether an action is refused only because what it would bring about is true already."""
    return reason in _ALREADY_SO.get(action, frozenset())
