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
    RESTORE = "restore"
    RESTORE_AS_NEW = "restore_as_new"
    CHECK_BACKUP = "check_backup"
    DELETE_BACKUP = "delete_backup"
    CLONE = "clone"
    MAKE_TEMPLATE = "make_template"
    CREATE = "create"
    STREAM = "stream"
    FORGET_DOUBLE = "forget_double"
    END_DOUBLE = "end_double"
    PROVIDE = "provide"
    SEAL = "seal"
    ACTIVATE = "activate"
    MOVE_TO_POOL = "move_to_pool"


class Slot(StrEnum):
    """A machine has one place for a run operation, one for a job and one for a change of what it is. Each holds at
    most one unfinished operation. One more is for work with its backups, of which the machine itself knows nothing."""

    RUN = "run"
    JOB = "job"
    CHANGE = "change"
    BACKUPS = "backups"


SLOT: Mapping[Action, Slot] = {
    Action.START: Slot.RUN,
    Action.SHUTDOWN: Slot.RUN,
    Action.POWER_OFF: Slot.RUN,
    Action.RESET: Slot.RUN,
    Action.PAUSE: Slot.RUN,
    Action.DELETE: Slot.RUN,
    Action.MIGRATE: Slot.JOB,
    Action.BACK_UP: Slot.JOB,
    Action.RESTORE: Slot.JOB,
    Action.RESTORE_AS_NEW: Slot.JOB,
    Action.PERSISTENT: Slot.JOB,
    Action.DYNAMIC: Slot.JOB,
    Action.PROVIDE: Slot.JOB,
    Action.CLONE: Slot.JOB,
    Action.CREATE: Slot.JOB,
    Action.STREAM: Slot.JOB,
    Action.EDIT: Slot.CHANGE,
    Action.TOGGLE: Slot.CHANGE,
    Action.MAKE_TEMPLATE: Slot.CHANGE,
    Action.FORGET_DOUBLE: Slot.CHANGE,
    Action.END_DOUBLE: Slot.CHANGE,
    Action.SEAL: Slot.CHANGE,
    Action.MOVE_TO_POOL: Slot.CHANGE,
    Action.CHECK_BACKUP: Slot.BACKUPS,
    Action.DELETE_BACKUP: Slot.BACKUPS,
}
"""Actions that are not here change nothing on a node: they need no slot."""

POWER = frozenset({Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.RESET, Action.PAUSE})
"""They change whether a machine's guest runs, and nothing of what the machine is."""

PLAIN = POWER | {Action.DELETE}
"""Asked for by their name alone, of one machine or of many at once. The others need to be told more."""

ABOUT_BACKUPS = frozenset(
    {Action.BACK_UP, Action.RESTORE, Action.RESTORE_AS_NEW, Action.CHECK_BACKUP, Action.DELETE_BACKUP}
)

OF_POOLS = frozenset({Action.DYNAMIC, Action.PROVIDE, Action.SEAL, Action.ACTIVATE, Action.MOVE_TO_POOL})
"""What is done for virtual machine pools: their golden images, their VMs, who belongs to them."""

MAKES_A_MACHINE = frozenset(
    {
        *(Action.PERSISTENT, Action.DYNAMIC, Action.CLONE),
        *(Action.CREATE, Action.RESTORE_AS_NEW, Action.PROVIDE),
    }
)
"""Their operation belongs to the machine that is being made, not to the one it is made from."""

RETURNS = frozenset({Action.RESTORE, Action.RESTORE_AS_NEW})
"""A machine is made of a backup."""

BRINGS_A_FILE = frozenset({Action.CREATE, Action.EDIT})
"""They may begin with an uploaded file that is brought to the node."""

OF_A_DOUBLE = frozenset({Action.FORGET_DOUBLE, Action.END_DOUBLE})
"""Asked of a machine that several nodes know, about what one of them has: its definition, its process."""

FILLS_DISKS = (MAKES_A_MACHINE - {Action.PROVIDE}) | {Action.STREAM, Action.RESTORE}
"""Jobs in which a machine's disks are copied from what is below them until they stand alone."""

MAY_SUPERSEDE: Mapping[Action, frozenset[Action]] = {
    Action.SHUTDOWN: frozenset({Action.BACK_UP}),
    Action.POWER_OFF: frozenset({Action.START, Action.SHUTDOWN, Action.BACK_UP}),
    Action.DELETE: FILLS_DISKS,
}
"""An action that ends what is under way and takes its place."""


HAS_A_LIMIT = FILLS_DISKS | {Action.MIGRATE, Action.BACK_UP}
"""How fast they may copy can be changed while they do."""


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
