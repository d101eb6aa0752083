"""Where a machine is after its move went wrong, or after nobody watched it: what both nodes say decides what is next.

libvirt carries a move through by itself, and cleans up behind one that failed. So most of the time there is nothing to
repair, only to find out. What would be a guess is left to a person: a machine that runs twice destroys its disks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vms.rules.power import HAS_PROCESS, Power, PowerReason


class Side(StrEnum):
    """What one node says of the machine."""

    UNSEEN = "unseen"
    """Nothing: it does not answer, or does not know itself."""
    ABSENT = "absent"
    OFF = "off"
    RUNNING = "running"
    PAUSED = "paused"
    HANDING = "handing"
    """Paused for a hand-over, on either end of it."""
    HALF = "half"
    """A process without a definition, whose guest does not run: it was to be filled."""
    LEFT = "left"
    """Its guest runs on the other node already, and fetches the rest of its memory from here."""
    TORN = "torn"
    """Its memory is on both nodes, and the way between them broke; or so it seems to a node that only lost sight of the
    other: then it goes on, and comes to a good end."""


class Call(StrEnum):
    """What is known of the call that moves it."""

    UNDER_WAY = "under_way"
    """Somebody waits for its end, or the source says that the machine is on its way."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Next(StrEnum):
    """What to do now. Done twice, none of it does harm."""

    WAIT = "wait"
    """It is on its way."""
    LOOK_AGAIN = "look_again"
    """Nobody can say yet."""
    ARRIVED = "arrived"
    """It is on its destination and nowhere else."""
    DROP_SOURCE = "drop_source"
    """It is on its destination; what is left on the source is old: end it and forget it, then look again."""
    STAYED = "stayed"
    """It is on its source and nowhere else."""
    DROP_DESTINATION = "drop_destination"
    """It is on its source; what is on the destination never ran: end it or forget it, then look again."""
    RESUME_SOURCE = "resume_source"
    """It is on its source, paused for a hand-over that did not happen; then look again."""
    ASK = "ask"
    """A person must look."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """In the order in which they are looked at: first the call, then the source, then the destination.

    live: it moves with its process. settled: both nodes have said the same, and no more memory has gone, for so long
    that a call that was sent has arrived, and that a node has cleaned up after its own restart."""

    call: Call
    source: Side
    destination: Side
    live: bool
    settled: bool


# fmt: off
_ROWS = """
source    unseen      absent         off         running      paused       handing      half              left  torn
unseen    look_again  look_again     look_again  look_again   look_again   look_again   look_again        ask   ask
absent    look_again  ask            arrived     arrived      arrived      arrived      ask               ask   ask
off       look_again  stayed         if_done     drop_source  drop_source  drop_source  drop_destination  ask   ask
running   look_again  stayed         ask         ask          ask          ask          drop_destination  ask   ask
paused    look_again  stayed         if_done     drop_source  if_done      if_done      drop_destination  ask   ask
handing   look_again  resume_source  if_done     drop_source  if_done      if_done      drop_destination  ask   ask
half      ask         ask            ask         ask          ask          ask          ask               ask   ask
left      look_again  ask            ask         ask          ask          ask          ask               ask   ask
torn      ask         ask            ask         ask          ask          ask          ask               ask   ask
"""
# fmt: on
"""Each row: what the source says; each column: what the destination says, while no call is under way. A destination
defines a machine just before its guest runs there: so half a machine never ran, and any other may have."""

_IF_DONE: Mapping[Call, Next] = {
    Call.SUCCEEDED: Next.DROP_SOURCE,
    Call.FAILED: Next.ASK,
    Call.UNKNOWN: Next.ASK,
}
"""Both have it, and each could be the later one: then only the end of the call tells."""

_BOTH_OFF_AFTER_AN_OFFLINE_MOVE: Mapping[Call, Next] = {
    Call.SUCCEEDED: Next.DROP_SOURCE,
    Call.FAILED: Next.DROP_DESTINATION,
    Call.UNKNOWN: Next.DROP_SOURCE,
}
"""Two definitions that are the same, and no guest that could have run."""


def _read(text: str) -> dict[tuple[Side, Side], Mapping[Call, Next]]:
    heading, *rows = (line.split() for line in text.strip().splitlines())
    columns = [Side(word) for word in heading[1:]]
    return {
        (Side(source), column): _IF_DONE if word == "if_done" else dict.fromkeys(_IF_DONE, Next(word))
        for source, *words in rows
        for column, word in zip(columns, words, strict=True)
    }


TABLE: Mapping[tuple[Side, Side], Mapping[Call, Next]] = _read(_ROWS)

_BY_THE_MOVE = frozenset({PowerReason.NONE, PowerReason.MIGRATING, PowerReason.STARTING_UP})
_PAUSED: Mapping[PowerReason, Side] = {
    PowerReason.POSTCOPY: Side.LEFT,
    PowerReason.POSTCOPY_FAILED: Side.TORN,
    **dict.fromkeys(_BY_THE_MOVE, Side.HANDING),
}


def side_of(power: Power, reason: PowerReason, *, defined: bool) -> Side:
    """Of a machine that the node knows. reason: as the node itself tells it."""
    if power is Power.UNKNOWN:
        return Side.UNSEEN
    if power not in HAS_PROCESS:
        return Side.OFF
    if reason is PowerReason.POSTCOPY_FAILED:
        return Side.TORN
    if power is not Power.PAUSED:
        return Side.RUNNING
    return _PAUSED.get(reason, Side.PAUSED) if defined or reason is PowerReason.POSTCOPY else Side.HALF


def next_step(found: Whereabouts) -> Next:
    if Side.TORN in {found.source, found.destination}:  # the source may take it to be under way for ever
        return Next.ASK if found.settled else Next.LOOK_AGAIN
    if found.call is Call.UNDER_WAY:
        return Next.DROP_SOURCE if _is_left_in_the_dark(found) else Next.WAIT
    then = _after_the_call(found)
    is_early = found.call is Call.UNKNOWN and not found.settled
    return Next.LOOK_AGAIN if is_early and then is not Next.ARRIVED else then


def _is_left_in_the_dark(found: Whereabouts) -> bool:
    """It arrived, but the source was not told: the way between the nodes broke in that moment. The source would wait
    for half a minute, and then let its own guest run on, too."""
    return found.settled and found.destination is Side.RUNNING and found.source in {Side.HANDING, Side.OFF}


def _after_the_call(found: Whereabouts) -> Next:
    if not found.live and found.source is found.destination is Side.OFF:
        return _BOTH_OFF_AFTER_AN_OFFLINE_MOVE[found.call]
    return TABLE[found.source, found.destination][found.call]
