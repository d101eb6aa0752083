"""What a machine is to the people who run it."""

from enum import StrEnum


class Kind(StrEnum):
    VM = "vm"
    """Persistent: it stays until somebody deletes it."""
    DYNAMIC = "dynamic"
    """A VM of a pool that is thrown away after use. Its disks stand on a golden image."""
    TEMPLATE = "template"
    GOLDEN_IMAGE = "golden_image"
    """A full copy of a template, on whose disks a pool's dynamic VMs stand."""


VMS = frozenset({Kind.VM, Kind.DYNAMIC})
"""What people work with. The others are what these are made from."""


BACKED_UP = frozenset({Kind.VM, Kind.TEMPLATE})
"""The others can be made anew at any time."""


class Mode(StrEnum):
    """What a template may be used for. A template without a mode counts as DO_NOT_USE. A golden image that is ready for
    use is sealed: nothing changes it any more; before, it is prepared."""

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
