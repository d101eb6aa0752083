"""In which power a machine must be for each call, whatever carries it out: else the call raises WrongState."""

from vms.rules.power import HAS_PROCESS, Power

START = frozenset({Power.OFF})
RESUME = frozenset({Power.PAUSED})
PAUSE = frozenset({Power.RUNNING})
ASK_TO_SHUT_DOWN = frozenset({Power.RUNNING})
POWER_OFF = HAS_PROCESS
RESET = frozenset({Power.RUNNING, Power.PAUSED, Power.CRASHED})
UNDEFINE = frozenset({Power.OFF})
PULL = HAS_PROCESS
LOOK = HAS_PROCESS
MOVE_LIVE = frozenset({Power.RUNNING, Power.PAUSED})
MOVE_OFFLINE = frozenset({Power.OFF})
BACK_UP = frozenset({Power.RUNNING, Power.PAUSED, Power.CRASHED})
SAVE_MEMORY = frozenset({Power.PAUSED})
MERGE = HAS_PROCESS
FORGET_CHECKPOINT = HAS_PROCESS
