"""What a node reports about a machine's power, and what people want it to be."""

from enum import StrEnum


class Power(StrEnum):
    """What the node last reported."""

    OFF = "off"
    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"
    CRASHED = "crashed"  # the guest panicked and its QEMU process was kept for a look
    UNKNOWN = "unknown"


HAS_PROCESS = frozenset({Power.RUNNING, Power.PAUSED, Power.SHUTTING_DOWN, Power.CRASHED})


class PowerReason(StrEnum):
    """Why the machine is off or paused, as the node tells it."""

    NONE = ""
    # off
    SHUT_DOWN = "shut_down"
    POWERED_OFF = "powered_off"
    PROCESS_DIED = "process_died"
    START_FAILED = "start_failed"
    MOVED_AWAY = "moved_away"
    SAVED = "saved"
    FROM_SNAPSHOT = "from_snapshot"
    NODE_RESTARTED = "node_restarted"
    # paused
    BY_REQUEST = "by_request"
    STARTING_UP = "starting_up"
    SAVING_MEMORY = "saving_memory"
    MIGRATING = "migrating"
    DUMPING = "dumping"
    SNAPSHOT = "snapshot"
    SHUTTING_DOWN = "shutting_down"
    IO_ERROR = "io_error"
    WATCHDOG = "watchdog"
    GUEST_PANIC = "guest_panic"
    POSTCOPY = "postcopy"
    POSTCOPY_FAILED = "postcopy_failed"
    NODE_ERROR = "node_error"


STOPPED_ON_PURPOSE = frozenset(
    {
        PowerReason.SHUT_DOWN,
        PowerReason.POWERED_OFF,
        PowerReason.MOVED_AWAY,
        PowerReason.SAVED,
        PowerReason.FROM_SNAPSHOT,
    }
)
"""Off because somebody, the guest itself included, wanted it so."""

RUNS_ELSEWHERE = frozenset({PowerReason.MOVED_AWAY, PowerReason.POSTCOPY, PowerReason.POSTCOPY_FAILED})
"""What a node tells of a machine that goes on on another one, as long as it moves."""

PAUSED_BY_FAULT = frozenset(
    {
        PowerReason.IO_ERROR,
        PowerReason.WATCHDOG,
        PowerReason.GUEST_PANIC,
        PowerReason.POSTCOPY_FAILED,
        PowerReason.NODE_ERROR,
    }
)
"""Paused because something is wrong: people must be told what."""


class Wanted(StrEnum):
    """What people asked the machine to be."""

    OFF = "off"
    RUNNING = "running"
    PAUSED = "paused"
