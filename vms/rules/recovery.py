"""What to do with an operation whose worker died: one row for every kind of operation."""

from collections.abc import Mapping
from enum import StrEnum

from vms.rules.actions import Action


class Recovery(StrEnum):
    GO_ON = "go_on"
    """Every step looks before it acts: take the step again, libvirt tells whether anything is left to do."""
    ASK = "ask"
    """Whether it happened cannot be told afterwards, and twice would do harm: wait for a person."""


RECOVERY: Mapping[Action, Recovery] = {
    Action.START: Recovery.GO_ON,
    Action.SHUTDOWN: Recovery.GO_ON,
    Action.POWER_OFF: Recovery.GO_ON,
    Action.RESET: Recovery.ASK,
    Action.PAUSE: Recovery.GO_ON,
    Action.DELETE: Recovery.GO_ON,
    Action.PERSISTENT: Recovery.GO_ON,
    Action.CLONE: Recovery.GO_ON,
    Action.CREATE: Recovery.GO_ON,
    Action.STREAM: Recovery.GO_ON,
    Action.MIGRATE: Recovery.GO_ON,
    Action.BACK_UP: Recovery.GO_ON,
    Action.CHECK_BACKUP: Recovery.GO_ON,
    Action.DELETE_BACKUP: Recovery.GO_ON,
    Action.RESTORE: Recovery.GO_ON,
    Action.RESTORE_AS_NEW: Recovery.GO_ON,
    Action.EDIT: Recovery.GO_ON,
    Action.TOGGLE: Recovery.GO_ON,
    Action.MAKE_TEMPLATE: Recovery.GO_ON,
    Action.FORGET_DOUBLE: Recovery.GO_ON,
    Action.END_DOUBLE: Recovery.GO_ON,
    Action.DYNAMIC: Recovery.GO_ON,
    Action.PROVIDE: Recovery.GO_ON,
    Action.SEAL: Recovery.GO_ON,
    Action.MOVE_TO_POOL: Recovery.GO_ON,
}
