"""What a node tells without being asked. An event only says where to look; what is true is read afterwards."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Happening(StrEnum):
    POWER_CHANGED = "power_changed"
    DEFINITION_CHANGED = "definition_changed"
    UNDEFINED = "undefined"
    JOB_CHANGED = "job_changed"
    DEVICES_CHANGED = "devices_changed"
    MEMORY_CHANGED = "memory_changed"
    """Its guest has given some back, or taken some."""
    AGENT_CHANGED = "agent_changed"
    IO_ERROR = "io_error"
    WATCHDOG = "watchdog"
    REBOOTED = "rebooted"


@dataclass(frozen=True, slots=True)
class MachineEvent:
    """Something happened to a machine."""

    uuid: UUID
    happening: Happening


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The node's connection ended; no more events will come from it."""


NodeEvent = MachineEvent | ConnectionLost
