"""What the audit trail tells apart."""

from collections.abc import Mapping
from enum import StrEnum

from vms.rules.actions import ABOUT_BACKUPS, OF_POOLS, POWER, Action
from vms.rules.timeline import What


class Outcome(StrEnum):
    """accepted: it was taken on, and what became of it stands in a line of its own. seen: nobody asked the panel."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SEEN = "seen"


class Subject(StrEnum):
    """Whom or what it was about."""

    VM = "vm"
    TEMPLATE = "template"
    GOLDEN_IMAGE = "golden_image"
    NODE = "node"
    IMAGE = "image"
    OPERATION = "operation"
    POOL = "pool"
    TARGET = "target"
    SCHEDULE = "schedule"
    PERSON = "person"
    GROUP = "group"
    PANEL = "panel"


MACHINES = frozenset({Subject.VM, Subject.TEMPLATE, Subject.GOLDEN_IMAGE})
"""A dynamic VM is a VM here."""


class Request(StrEnum):
    """What people ask for that is no action on a machine. Places on the panel have requests of their own beside these:
    the name of an address stands for itself."""

    NOTES = "notes"
    TAGS = "tags"
    PROTECT = "protect"
    UNPROTECT = "unprotect"
    CANCEL = "cancel"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"
    LIMIT = "limit"
    DISREGARD_DOUBLE = "disregard_double"
    POST_COPY = "post_copy"
    TRY_NODE = "try_node"
    ADD_NODE = "add_node"
    REMOVE_NODE = "remove_node"
    CHANGE_ADDRESSES = "change_addresses"
    BEGIN_MAINTENANCE = "begin_maintenance"
    END_MAINTENANCE = "end_maintenance"
    PLAN_EMPTYING = "plan_emptying"
    PLAN_EMPTYING_AGAIN = "plan_emptying_again"
    BEGIN_EMPTYING = "begin_emptying"
    PAUSE_EMPTYING = "pause_emptying"
    GO_ON_EMPTYING = "go_on_emptying"
    CANCEL_EMPTYING = "cancel_emptying"
    UPLOAD = "upload"
    REMOVE_IMAGE = "remove_image"
    KEEP_BACKUP = "keep_backup"
    KEEP_BACKUP_NO_LONGER = "keep_backup_no_longer"
    BACKUP_NOTES = "backup_notes"
    ADD_TARGET = "add_target"
    CHANGE_TARGET = "change_target"
    REMOVE_TARGET = "remove_target"
    ADD_SCHEDULE = "add_schedule"
    CHANGE_SCHEDULE = "change_schedule"
    REMOVE_SCHEDULE = "remove_schedule"
    SWITCH_ON_SCHEDULE = "switch_on_schedule"
    SWITCH_OFF_SCHEDULE = "switch_off_schedule"
    RUN_SCHEDULE = "run_schedule"
    ADD_POOL = "add_pool"
    CHANGE_POOL = "change_pool"
    REMOVE_POOL = "remove_pool"
    SWITCH_ON_POOL = "switch_on_pool"
    SWITCH_OFF_POOL = "switch_off_pool"
    OPEN_POOL = "open_pool"
    KEEP_DYNAMIC = "keep_dynamic"
    USE_OVER = "use_over"
    LOG_IN = "log_in"
    LOG_OUT = "log_out"


class Why(StrEnum):
    """Why something was refused, beside the reasons that stand in a machine's way and the faults of a file."""

    NOT_LOGGED_IN = "not_logged_in"
    WRONG_CREDENTIALS = "wrong_credentials"
    LOCKED_OUT = "locked_out"
    NOT_VALID = "not_valid"
    NOTHING_TO_DO = "nothing_to_do"
    TOO_LATE = "too_late"
    NAMES_TAKEN = "names_taken"
    NODE_HAS_MACHINES = "node_has_machines"
    NODE_IS_OUT = "node_is_out"
    WRONG_CHECKSUM = "wrong_checksum"
    STILL_NEEDED = "still_needed"
    NO_SUCH_FOLDER = "no_such_folder"
    POOL_IS_FULL = "pool_is_full"
    POOL_IS_OFF = "pool_is_off"
    NO_ACTIVE_IMAGE = "no_active_image"
    NOT_OF_THE_POOL = "not_of_the_pool"
    NO_NODE = "no_node"


class Area(StrEnum):
    """What requests are about, for people who look for one. OTHER: whatever is in none of them."""

    POWER = "power"
    MACHINES = "machines"
    RIGHTS = "rights"
    IMAGES = "images"
    BACKUPS = "backups"
    POOLS = "pools"
    NODES = "nodes"
    LOGINS = "logins"
    ACCOUNTS = "accounts"
    OTHER = "other"


ABOUT: Mapping[Area, frozenset[str]] = {
    Area.POWER: frozenset(
        POWER
        | {What.STARTED, What.STOPPED, What.PAUSED, What.RESUMED, What.CRASHED}
        | {What.REBOOTED, What.FROZE, What.WATCHDOG, What.IO_ERROR}
    ),
    Area.MACHINES: frozenset(
        (set(Action) - POWER - ABOUT_BACKUPS - OF_POOLS - {Action.USERS, Action.GROUPS})
        | {
            Request.NOTES,
            Request.TAGS,
            Request.CANCEL,
            Request.CLOSE,
            Request.ACKNOWLEDGE,
            Request.LIMIT,
            Request.POST_COPY,
        }
        | {Request.PROTECT, Request.UNPROTECT, Request.USE_OVER, Request.DISREGARD_DOUBLE}
        | {What.FOUND, What.RENAMED, What.DEFINITION_CHANGED, What.MOVED, What.GONE, What.BACK, What.MODE_CHANGED}
        | {What.ALSO_ELSEWHERE, What.RUNS_TWICE, What.NO_LONGER_ELSEWHERE}
    ),
    Area.RIGHTS: frozenset({Action.USERS, Action.GROUPS}),
    Area.IMAGES: frozenset({Request.UPLOAD, Request.REMOVE_IMAGE}),
    Area.BACKUPS: frozenset(
        ABOUT_BACKUPS
        | {Request.KEEP_BACKUP, Request.KEEP_BACKUP_NO_LONGER, Request.BACKUP_NOTES}
        | {Request.ADD_TARGET, Request.CHANGE_TARGET, Request.REMOVE_TARGET}
        | {Request.ADD_SCHEDULE, Request.CHANGE_SCHEDULE, Request.REMOVE_SCHEDULE}
        | {Request.SWITCH_ON_SCHEDULE, Request.SWITCH_OFF_SCHEDULE, Request.RUN_SCHEDULE}
    ),
    Area.POOLS: frozenset(
        {Request.ADD_POOL, Request.CHANGE_POOL, Request.REMOVE_POOL}
        | {Request.SWITCH_ON_POOL, Request.SWITCH_OFF_POOL, Request.OPEN_POOL, Request.KEEP_DYNAMIC}
        | OF_POOLS
    ),
    Area.NODES: frozenset(
        {Request.TRY_NODE, Request.ADD_NODE, Request.REMOVE_NODE, What.NODE_LOST, What.NODE_FOUND}
        | {Request.CHANGE_ADDRESSES, Request.BEGIN_MAINTENANCE, Request.END_MAINTENANCE}
        | {Request.PLAN_EMPTYING, Request.PLAN_EMPTYING_AGAIN, Request.BEGIN_EMPTYING}
        | {Request.PAUSE_EMPTYING, Request.GO_ON_EMPTYING, Request.CANCEL_EMPTYING}
    ),
    Area.LOGINS: frozenset({Request.LOG_IN, Request.LOG_OUT}),
}
BEGINS_WITH: Mapping[Area, tuple[str, ...]] = {Area.ACCOUNTS: ("people:", "account:")}
"""Whatever is asked on the pages of an app is about the same."""
