"""A machine's screen and serial port in a browser: the two ways in, and how a visit can end."""

from enum import StrEnum


class Way(StrEnum):
    """What of a machine is looked at."""

    SCREEN = "screen"
    SERIAL = "serial"


class ScreenKind(StrEnum):
    """Which language a machine's screen speaks. A browser understands VNC."""

    VNC = "vnc"
    SPICE = "spice"
    NONE = "none"


class Ending(StrEnum):
    """Why a visit ended, or did not even begin: a code that travels to the browser. Its sentence lives in
    vms.labels."""

    # whoever is there
    BAD_TICKET = "bad_ticket"
    LOGGED_OUT = "logged_out"
    NOT_PERMITTED = "not_permitted"
    # the machine
    IS_OFF = "is_off"
    NOT_NOW = "not_now"
    REMOVED = "removed"
    NO_SCREEN = "no_screen"
    NOT_FOR_BROWSERS = "not_for_browsers"
    NO_SERIAL_PORT = "no_serial_port"
    TAKEN = "taken"
    TAKEN_OVER = "taken_over"
    CLOSED = "closed"
    # its node
    NODE_LOST = "node_lost"
    TOO_FAR = "too_far"
    NO_OPEN_PORT = "no_open_port"
    FAILED = "failed"
    # the panel
    TOO_MANY = "too_many"
    CANNOT_CHECK = "cannot_check"
    RESTARTING = "restarting"


COMES_BACK = frozenset(
    {
        *(Ending.BAD_TICKET, Ending.CLOSED, Ending.NODE_LOST, Ending.NOT_NOW),
        *(Ending.CANNOT_CHECK, Ending.RESTARTING),
    }
)
"""After these a browser tries again by itself; after the others somebody has to do something first."""
