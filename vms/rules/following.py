"""What a change that nobody asked the panel for tells about people's wishes."""

from vms.rules.power import PAUSED_BY_FAULT, STOPPED_ON_PURPOSE, Power, PowerReason, Wanted
from vms.rules.timeline import What


def first_wish(power: Power, reason: PowerReason) -> Wanted:
    """What is wanted of a machine seen for the first time: that it stays as it is, except that it should not crash."""
    if power is Power.OFF:
        return Wanted.RUNNING if reason is PowerReason.PROCESS_DIED else Wanted.OFF
    if power is Power.PAUSED and reason not in PAUSED_BY_FAULT:
        return Wanted.PAUSED
    return Wanted.RUNNING


def wish_behind(  # noqa: PLR0913 -- each is a fact of its own
    before: Power, power: Power, reason: PowerReason, wanted: Wanted, *, has_job: bool, job_pauses: bool = False
) -> Wanted | None:
    """What somebody outside the panel, or the guest itself, wanted. None if nobody wanted this. job_pauses: the job
    holds a guest that runs, for a moment."""
    if power is Power.RUNNING:
        return Wanted.RUNNING
    if power is Power.OFF and reason in STOPPED_ON_PURPOSE:
        return Wanted.OFF
    held_for_a_job = job_pauses or (has_job and (wanted is Wanted.OFF or before is Power.OFF))
    if power is Power.PAUSED and reason is PowerReason.BY_REQUEST and not held_for_a_job:
        return Wanted.PAUSED
    return None


def what_happened(before: Power, before_reason: PowerReason, power: Power, reason: PowerReason) -> What | None:
    """The change in one word for the timeline. None if it is not worth a line."""
    if reason is PowerReason.STARTING_UP or _is_being_handed_over(before, before_reason, power, reason):
        return None
    if power is before:
        return None  # only its reason is told otherwise, as a node does that was restarted
    if power is Power.OFF:
        return What.STOPPED if reason in STOPPED_ON_PURPOSE else What.CRASHED
    if power is Power.RUNNING:
        was_held = before is Power.PAUSED and before_reason is not PowerReason.STARTING_UP
        return What.RESUMED if was_held else What.STARTED
    if power is Power.PAUSED:
        return What.PAUSED
    return What.CRASHED if power is Power.CRASHED else None


def _is_being_handed_over(before: Power, before_reason: PowerReason, power: Power, reason: PowerReason) -> bool:
    """From node to node: its guest runs on after a moment."""
    return PowerReason.MIGRATING in {before_reason, reason} and {before, power} <= {Power.RUNNING, Power.PAUSED}
