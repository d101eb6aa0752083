"""Whether a pool gives a VM to whoever opens it, and how long a VM is still theirs."""

from __future__ import annotations

from enum import StrEnum

from vms.rules.status import Main, Second, Status


class Shut(StrEnum):
    """Why a pool gives out none."""

    OFF = "off"
    NO_IMAGE = "no_image"
    ALL_TAKEN = "all_taken"
    NO_NODE = "no_node"


_OVER = frozenset({Main.STOPPED, Main.CRASHED, Main.SHUTTING_DOWN, Main.POWERING_OFF, Main.DELETING})


def is_over(status: Status, *, gone: bool) -> bool:
    """Whether a dynamic VM is thrown away, or is about to be, so that its person gets another one. gone: its node does
    not know it any more. One that is still being made is to come yet."""
    return gone or (status.main in _OVER and status.second is not Second.CREATING)


def why_shut(*, is_on: bool, ready: int, has_image: bool, has_room: bool) -> Shut | None:
    """None if it gives one out. ready: how many there are for nobody yet, also such as are just being made; has_image:
    another could be made; has_room: of another it would not be more than its maximum."""
    if not is_on:
        return Shut.OFF
    if ready:
        return None
    if not has_image:
        return Shut.NO_IMAGE
    return None if has_room else Shut.ALL_TAKEN
