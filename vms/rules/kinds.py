"""What a machine is to the people who run it."""

from enum import StrEnum


class Kind(StrEnum):
    VM = "vm"
    TEMPLATE = "template"


class Lifetime(StrEnum):
    """Whether a VM stays, or is thrown away after use."""

    PERSISTENT = "persistent"
    DYNAMIC = "dynamic"


class Mode(StrEnum):
    """What a template may be used for. A template without a mode counts as DO_NOT_USE."""

    READY_FOR_USE = "ready for use"
    MAINTENANCE = "maintenance mode"
    FIRST_INSTALLATION = "first installation"
    DO_NOT_USE = "do not use"


class Link(StrEnum):
    """How a machine hangs on the one it was made from."""

    NONE = ""
    """Not at all: its disks stand alone."""
    STREAMING = "streaming"
    """Its disks still need the other's, and are being made to stand alone; that goes on until it is done."""
    LINKED = "linked"
    """Its disks still need the other's, and somebody chose to leave it so, or it failed."""
