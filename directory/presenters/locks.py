"""What is locked after too many attempts to log in."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from directory import labels
from directory.locking import Shut
from directory.presenters.moments import moment


@dataclass(frozen=True, slots=True)
class LockView:
    """name_text, address_text: also where there are many of them."""

    what: str
    name: str
    name_text: str
    address: str
    address_text: str
    tries: int
    since: datetime.datetime
    since_text: str
    until: datetime.datetime
    until_text: str


def lock_views(locks: Iterable[Shut]) -> list[LockView]:
    return [
        LockView(
            what=str(labels.LOCK[shut.lock]),
            name=shut.name,
            name_text=shut.name or labels.names(shut.names),
            address=shut.address,
            address_text=shut.address or labels.addresses(shut.addresses),
            tries=shut.tries,
            since=shut.since,
            since_text=moment(shut.since),
            until=shut.until,
            until_text=moment(shut.until),
        )
        for shut in locks
    ]
