"""Where a request comes from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address

ONE_SUBSCRIBER = 64
"""Bits of an IPv6 address: whoever has one has all that begin like it."""


class Whereabouts(TypedDict):
    """browser: what it says about itself."""

    address: str
    browser: str


def address_of(request: HttpRequest) -> str:
    return address_behind(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_behind(connection: str, forwarded_for: str) -> str:
    """An IPv4 or IPv6 address; "" if it is unknown, as that of a socket in the file system.

    Of a connection from a proxy that is trusted: what it says last, as all before that anybody may have made up."""
    connected = _as_address(connection)
    if connected is None:
        return ""
    if any(connected in network for network in settings.PROXIES):
        return str(_as_address(forwarded_for.rpartition(",")[2]) or connected)
    return str(connected)


def whereabouts(request: HttpRequest) -> Whereabouts:
    return Whereabouts(address=address_of(request), browser=request.headers.get("User-Agent", ""))


def network_of(request: HttpRequest) -> str | None:
    """What one subscriber has: an IPv4 address, or the first of all IPv6 addresses that one can take in turn."""
    address = address_of(request)
    if ":" not in address:
        return address or None
    return str(ip_network((address, ONE_SUBSCRIBER), strict=False).network_address)


def _as_address(text: str) -> Address | None:
    """Without a port, without a zone, and as IPv4 where it only was written as IPv6."""
    bare = text.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    without_port = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ip_address(without_port)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
