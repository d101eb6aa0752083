"""What can be told of a machine's or node's past: codes to store. Their words live in vms.labels."""

from enum import StrEnum


class What(StrEnum):
    FOUND = "found"
    STARTED = "started"
    STOPPED = "stopped"
    PAUSED = "paused"
    RESUMED = "resumed"
    CRASHED = "crashed"
    RENAMED = "renamed"
    DEFINITION_CHANGED = "definition_changed"
    MOVED = "moved"
    GONE = "gone"
    BACK = "back"
    DELETED = "deleted"
    FROZE = "froze"
    WATCHDOG = "watchdog"
    IO_ERROR = "io_error"
    REBOOTED = "rebooted"
    NODE_LOST = "node_lost"
    NODE_FOUND = "node_found"
    NODE_REMOVED = "node_removed"
    REQUESTED = "requested"
    OPERATION_ENDED = "operation_ended"
    MODE_CHANGED = "mode_changed"
    STANDS_ALONE = "stands_alone"
