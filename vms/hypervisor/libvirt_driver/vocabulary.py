"""libvirt's numbers in, our words out. Constants newer than the oldest libvirt we build with go by name."""

from collections.abc import Mapping

import libvirt

from vms.rules.power import Power, PowerReason

_POWER: Mapping[int, Power] = {
    libvirt.VIR_DOMAIN_NOSTATE: Power.UNKNOWN,
    libvirt.VIR_DOMAIN_RUNNING: Power.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: Power.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: Power.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: Power.SHUTTING_DOWN,
    libvirt.VIR_DOMAIN_SHUTOFF: Power.OFF,
    libvirt.VIR_DOMAIN_CRASHED: Power.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: Power.PAUSED,  # the guest put itself to sleep
}

_OFF: Mapping[str, PowerReason] = {
    "VIR_DOMAIN_SHUTOFF_SHUTDOWN": PowerReason.SHUT_DOWN,
    "VIR_DOMAIN_SHUTOFF_DESTROYED": PowerReason.POWERED_OFF,
    "VIR_DOMAIN_SHUTOFF_CRASHED": PowerReason.PROCESS_DIED,
    "VIR_DOMAIN_SHUTOFF_FAILED": PowerReason.START_FAILED,
    "VIR_DOMAIN_SHUTOFF_MIGRATED": PowerReason.MOVED_AWAY,
    "VIR_DOMAIN_SHUTOFF_SAVED": PowerReason.SAVED,
    "VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT": PowerReason.FROM_SNAPSHOT,
    "VIR_DOMAIN_SHUTOFF_DAEMON": PowerReason.NODE_RESTARTED,
}

_PAUSED: Mapping[str, PowerReason] = {
    "VIR_DOMAIN_PAUSED_USER": PowerReason.BY_REQUEST,
    "VIR_DOMAIN_PAUSED_STARTING_UP": PowerReason.STARTING_UP,
    "VIR_DOMAIN_PAUSED_SAVE": PowerReason.SAVING_MEMORY,
    "VIR_DOMAIN_PAUSED_MIGRATION": PowerReason.MIGRATING,
    "VIR_DOMAIN_PAUSED_DUMP": PowerReason.DUMPING,
    "VIR_DOMAIN_PAUSED_SNAPSHOT": PowerReason.SNAPSHOT,
    "VIR_DOMAIN_PAUSED_FROM_SNAPSHOT": PowerReason.FROM_SNAPSHOT,
    "VIR_DOMAIN_PAUSED_SHUTTING_DOWN": PowerReason.SHUTTING_DOWN,
    "VIR_DOMAIN_PAUSED_IOERROR": PowerReason.IO_ERROR,
    "VIR_DOMAIN_PAUSED_WATCHDOG": PowerReason.WATCHDOG,
    "VIR_DOMAIN_PAUSED_CRASHED": PowerReason.GUEST_PANIC,
    "VIR_DOMAIN_PAUSED_POSTCOPY": PowerReason.POSTCOPY,
    "VIR_DOMAIN_PAUSED_POSTCOPY_FAILED": PowerReason.POSTCOPY_FAILED,
    "VIR_DOMAIN_PAUSED_API_ERROR": PowerReason.NODE_ERROR,
}

_CRASHED: Mapping[str, PowerReason] = {"VIR_DOMAIN_CRASHED_PANICKED": PowerReason.GUEST_PANIC}


def _by_number(reasons: Mapping[str, PowerReason]) -> Mapping[int, PowerReason]:
    """Only those this libvirt knows."""
    return {getattr(libvirt, name): reason for name, reason in reasons.items() if hasattr(libvirt, name)}


_REASONS: Mapping[int, Mapping[int, PowerReason]] = {
    libvirt.VIR_DOMAIN_SHUTOFF: _by_number(_OFF),
    libvirt.VIR_DOMAIN_PAUSED: _by_number(_PAUSED),
    libvirt.VIR_DOMAIN_CRASHED: _by_number(_CRASHED),
}


def power_of(state: int) -> Power:
    return _POWER.get(state, Power.UNKNOWN)


def reason_of(state: int, reason: int) -> PowerReason:
    return _REASONS.get(state, {}).get(reason, PowerReason.NONE)


def version_of(number: int) -> str:
    """9000000 is 9.0.0."""
    return f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"
