"""Who has tried too often to log in, and has to wait. Counted in the database, so it holds without cache and broker.

Three locks: a name from one address; an address, whatever the names; a name, whatever the addresses. The last of them
would let strangers keep somebody out, so it does not hold where that person has logged in before."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db.models import Count, Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

MANY = 4
"""So many times the tries of one name from one address shut a whole address, or a name for strange addresses."""

AN_ADDRESS_IS_KNOWN_FOR = datetime.timedelta(days=90)
LOCKS_AT_ONCE = 200
LONGEST_NAME = 255

_NOT_COUNTED = "login_is_not_counted"


class Lock(StrEnum):
    NAME_FROM_ADDRESS = "name-from-address"
    ADDRESS = "address"
    NAME = "name"


_GROUPED_BY: Mapping[Lock, tuple[str, ...]] = {
    Lock.NAME_FROM_ADDRESS: ("username", "ip_address"),
    Lock.ADDRESS: ("ip_address",),
    Lock.NAME: ("username",),
}


@dataclass(frozen=True, slots=True)
class Shut:
    """One that is shut. name or address: "" if it does not depend on it; names, addresses: how many were tried."""

    lock: Lock
    name: str
    address: str
    tries: int
    names: int
    addresses: int
    since: datetime.datetime

    @property
    def until(self) -> datetime.datetime:
        return self.since + wait()


class Door(AxesDatabaseHandler):
    """What django-axes asks before anybody is asked for a password, and tells after each failure."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """It compares this number with the limit: the limit if a lock is shut, else none."""
        address = request.axes_ip_address  # type: ignore[attr-defined]  # put there by django-axes
        return int(settings.LOGIN_TRIES) if _is_shut(name_given(request, credentials), address) else 0

    def is_whitelisted(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return getattr(request, _NOT_COUNTED, False)


def count_not(request: HttpRequest) -> None:
    """This try was no guess: nobody has said whether the password was right."""
    setattr(request, _NOT_COUNTED, True)


def name_given(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The name that somebody tries, so that all ways to write it count as one."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return unicodedata.normalize("NFKC", str(given)).replace("\0", "").strip().lower()[:LONGEST_NAME]


def is_locked_out(request: HttpRequest) -> bool:
    """Whether this request was refused without a look at its password, or was the one try too many."""
    return bool(getattr(request, "axes_locked_out", False))


def wait() -> datetime.timedelta:
    """How long a lock stays shut after the last try that counted."""
    waiting: datetime.timedelta = settings.LOGIN_WAIT
    return waiting


def shut_locks() -> list[Shut]:
    """The newest first."""
    found = [shut for lock in Lock for shut in _shut(lock)]
    return sorted(found, key=lambda shut: shut.since, reverse=True)


def locked_names() -> set[str]:
    """In small letters."""
    return {shut.name for shut in shut_locks() if shut.name}


def open_lock(name: str, address: str) -> int:
    """Forgets the tries of this name from this address; "" stands for all. How many there were."""
    if address and not _is_address(address):
        return 0
    forgotten = AccessAttempt.objects.filter(**_chosen(name.replace("\0", "").lower(), address))
    count: int = forgotten.aggregate(all=Sum("failures_since_start"))["all"] or 0
    forgotten.delete()
    return count


def open_for(name_or_address: str) -> int:
    """Whatever it is. How many tries are forgotten."""
    return open_lock(name_or_address, "") + open_lock("", name_or_address)


def forget_old_logins() -> None:
    AccessLog.objects.filter(attempt_time__lt=timezone.now() - AN_ADDRESS_IS_KNOWN_FOR).delete()


def _is_shut(name: str, address: str) -> bool:
    from_here = _recent().filter(ip_address=address)
    of_name = _recent().filter(username=name)
    if _tries(from_here & of_name) >= limit_of(Lock.NAME_FROM_ADDRESS) or _tries(from_here) >= limit_of(Lock.ADDRESS):
        return True
    return _tries(of_name) >= limit_of(Lock.NAME) and not _is_known(name, address)


def _is_known(name: str, address: str) -> bool:
    since = timezone.now() - AN_ADDRESS_IS_KNOWN_FOR
    logins = AccessLog.objects.filter(username__iexact=name, ip_address=address, attempt_time__gte=since)
    return bool(logins.exists())


def _shut(lock: Lock) -> list[Shut]:
    grouped_by = _GROUPED_BY[lock]
    found = (
        _recent()
        .order_by()
        .values(*grouped_by)
        .annotate(
            tries=Sum("failures_since_start"),
            names=Count("username", distinct=True),
            addresses=Count("ip_address", distinct=True),
            since=Max("attempt_time"),
        )
    )
    return [_as_shut(lock, row) for row in found.filter(tries__gte=limit_of(lock)).order_by("-since")[:LOCKS_AT_ONCE]]


def _as_shut(lock: Lock, row: Mapping[str, Any]) -> Shut:
    return Shut(
        lock=lock,
        name=row.get("username") or "",
        address=row.get("ip_address") or "",
        tries=row["tries"],
        names=row["names"],
        addresses=row["addresses"],
        since=row["since"],
    )


def _recent() -> QuerySet[Any]:
    attempts: QuerySet[Any] = AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - wait())
    return attempts


def _tries(attempts: QuerySet[Any]) -> int:
    return attempts.aggregate(all=Sum("failures_since_start"))["all"] or 0


def limit_of(lock: Lock) -> int:
    tries: int = settings.LOGIN_TRIES
    return tries if lock is Lock.NAME_FROM_ADDRESS else tries * MANY


def _chosen(name: str, address: str) -> dict[str, str]:
    return {key: value for key, value in (("username", name), ("ip_address", address)) if value}


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
