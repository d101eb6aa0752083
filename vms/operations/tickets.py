"""Tickets to a machine's screen or serial port: for one person, one login, one machine and one visit, soon.

They are kept in the broker, under what they hash to: whoever reads it there can do nothing with it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

from vms.rules.consoles import Way

TICKET_BYTES = 32
VALID_SECONDS = 30
KEY = "panel:console-ticket:"


class NoTicketsNow(Exception):
    """The broker does not answer."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a ticket is for. person: an account's key; vm: a UUID; login: what the session's key hashes to; take_over:
    whoever is connected to the serial port loses it."""

    person: str
    vm: str
    way: Way
    login: str
    take_over: bool = False


def issue(visit: Visit) -> str:
    """A ticket that nobody can guess, good for VALID_SECONDS. NoTicketsNow."""
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    try:
        _broker().set(_key(ticket), json.dumps(asdict(visit)), ex=VALID_SECONDS)
    except redis.RedisError as error:
        raise NoTicketsNow(str(error)) from error
    return ticket


def redeem(ticket: str) -> Visit | None:
    """What it is for, the first time; None if it was used, is too old or was never issued. NoTicketsNow."""
    try:
        found: Any = _broker().getdel(_key(ticket))
    except redis.RedisError as error:
        raise NoTicketsNow(str(error)) from error
    return _visit(json.loads(found)) if found else None


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _visit(fields: dict[str, Any]) -> Visit:
    return Visit(**{**fields, "way": Way(fields["way"])})


def _key(ticket: str) -> str:
    return f"{KEY}{hash_of(ticket)}"


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
