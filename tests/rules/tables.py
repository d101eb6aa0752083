"""The specification's tables the other way round: for each action, where it is on. Typed apart from the code's own."""

from __future__ import annotations

from vms.rules.actions import Action

ON, RESTRICTED = "on", "restricted"

RUNS = ("Running", "Running, backing up", "Running, streaming")
STARTS = ("Starting", "Starting, streaming", "Starting, backing up")

VM_STATUSES = (
    *("Stopped", "Stopped, streaming", "Stopped, backing up", "Stopped, migrating"),
    *("Stopped, creating", "Stopped, restoring"),
    *STARTS,
    *("Paused", "Paused, backing up", "Paused, migrating"),
    *(*RUNS, "Running, migrating"),
    *("Shutting down", "Powering off", "Deleting", "Crashed", "Frozen", "Unknown"),
)

TEMPLATE_STATUSES = (
    *("Stopped", "Stopped, streaming", "Stopped, backing up", "Stopped, migrating"),
    *("Stopped, creating", "Stopped, restoring"),
    "Starting",
    *("Paused", "Paused, backing up", "Paused, migrating"),
    *("Running", "Running, backing up", "Running, migrating"),
    *("Shutting down", "Powering off", "Deleting", "Crashed", "Frozen", "Unknown"),
)

WITH_A_SCREEN = ("Paused", *RUNS, "Running, migrating", "Shutting down", "Frozen")
NOT_DELETING = tuple(status for status in VM_STATUSES if status != "Deleting")

VM_ON: dict[Action, tuple[str, ...]] = {
    Action.START: ("Stopped", "Stopped, streaming", "Stopped, backing up", "Paused", "Crashed"),
    Action.SHUTDOWN: (*RUNS, "Frozen"),
    Action.POWER_OFF: (*STARTS, "Paused", *RUNS, "Shutting down", "Crashed", "Frozen"),
    Action.MIGRATE: ("Stopped", "Paused", "Running", "Frozen"),
    Action.EDIT: ("Stopped", "Crashed"),
    Action.DELETE: ("Stopped", "Stopped, streaming", "Crashed"),
    Action.USE: (*WITH_A_SCREEN, "Powering off"),
    Action.USERS: NOT_DELETING,
    Action.GROUPS: NOT_DELETING,
    Action.RESET: ("Running", "Running, streaming", "Frozen", "Paused"),
    Action.PAUSE: ("Running", "Running, streaming", "Frozen"),
    Action.BACK_UP: ("Stopped", "Running", "Paused", "Frozen", "Crashed"),
    Action.RESTORE: ("Stopped", "Crashed"),
    Action.CLONE: ("Stopped",),
    Action.MAKE_TEMPLATE: ("Stopped",),
}

EDIT_RESTRICTED_FOR_VMS = (
    *("Stopped, streaming", "Stopped, backing up", *STARTS, "Paused", *RUNS),
    *("Shutting down", "Powering off", "Frozen"),
)

TEMPLATE_ON: dict[Action, tuple[str, ...]] = {
    Action.START: ("Stopped", "Paused", "Crashed"),
    Action.SHUTDOWN: ("Running", "Running, backing up", "Frozen"),
    Action.POWER_OFF: ("Starting", "Paused", "Running", "Running, backing up", "Shutting down", "Crashed", "Frozen"),
    Action.MIGRATE: ("Stopped", "Paused", "Running", "Frozen"),
    Action.EDIT: ("Stopped", "Crashed"),
    Action.DELETE: ("Stopped", "Crashed"),
    Action.TOGGLE: ("Stopped", "Running"),
    Action.USE: ("Paused", "Running", "Running, backing up", "Running, migrating", "Shutting down", "Frozen"),
    Action.PERSISTENT: ("Stopped", "Stopped, streaming"),
    Action.DYNAMIC: ("Stopped", "Stopped, streaming"),
    Action.RESET: ("Running", "Frozen", "Paused"),
    Action.PAUSE: ("Running", "Frozen"),
    Action.BACK_UP: ("Stopped", "Running"),
    Action.RESTORE: ("Stopped", "Crashed"),
}

EDIT_RESTRICTED_FOR_TEMPLATES = (
    *("Stopped, streaming", "Stopped, backing up", "Starting", "Paused"),
    *("Running", "Running, backing up", "Shutting down", "Powering off", "Frozen"),
)
