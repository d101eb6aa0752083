"""What may be asked of a machine, and which of its two slots each request occupies."""

from collections.abc import Mapping
from enum import StrEnum


class Action(StrEnum):
    START = "start"
    SHUTDOWN = "shutdown"
    POWER_OFF = "power_off"
    MIGRATE = "migrate"
    EDIT = "edit"
    DELETE = "delete"
    USE = "use"
    USERS = "users"
    GROUPS = "groups"
    TOGGLE = "toggle"
    PERSISTENT = "persistent"
    DYNAMIC = "dynamic"
    RESET = "reset"
    PAUSE = "pause"
    BACK_UP = "back_up"
    CLONE = "clone"
    MAKE_TEMPLATE = "make_template"


class Slot(StrEnum):
    """A machine has one place for a run operation and one for a job. Each holds at most one unfinished operation."""

    RUN = "run"
    JOB = "job"


SLOT: Mapping[Action, Slot] = {
    Action.START: Slot.RUN,
    Action.SHUTDOWN: Slot.RUN,
    Action.POWER_OFF: Slot.RUN,
    Action.RESET: Slot.RUN,
    Action.PAUSE: Slot.RUN,
    Action.DELETE: Slot.RUN,
    Action.MIGRATE: Slot.JOB,
    Action.BACK_UP: Slot.JOB,
    Action.CLONE: Slot.JOB,
    Action.MAKE_TEMPLATE: Slot.JOB,
}
"""Actions that are not here change nothing on a node: they need no slot."""

MAY_SUPERSEDE: Mapping[Action, frozenset[Action]] = {
    Action.POWER_OFF: frozenset({Action.START, Action.SHUTDOWN}),
}
"""An action that takes the run slot over from one that is under way."""


class Risk(StrEnum):
    """What a slip of the mouse would cost."""

    NONE = "none"
    INTERRUPTS = "interrupts"
    LOSES_DATA = "loses_data"


RISK: Mapping[Action, Risk] = {
    Action.SHUTDOWN: Risk.INTERRUPTS,
    Action.POWER_OFF: Risk.LOSES_DATA,
    Action.RESET: Risk.LOSES_DATA,
    Action.DELETE: Risk.LOSES_DATA,
}
"""Actions that are not here cost nothing and are not asked about."""


def risk_of(action: Action) -> Risk:
    return RISK.get(action, Risk.NONE)
