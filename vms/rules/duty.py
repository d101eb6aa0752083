from enum import StrEnum


class Duty(StrEnum):
    """What people want of a node: only an active one is given new VMs."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
