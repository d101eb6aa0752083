"""Who is behind an open connection: the same checks as for a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.http.request import validate_host
from django.utils.crypto import constant_time_compare

from vms.models.viewer import Viewer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str:
    """The last one of that name, "" if there is none."""
    return bytes(dict(scope["headers"]).get(name, b"")).decode("latin-1")


def session_key(scope: Scope) -> str:
    """As the browser's cookie says; "" if there is none."""
    cookies: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


def person_of(session: str) -> Viewer | None:
    """Whose session this is: of somebody who may log in, made with today's password. Asks the database."""
    if not session:
        return None
    found = import_module(settings.SESSION_ENGINE).SessionStore(session)
    if found.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    person = get_user_model()._default_manager.filter(pk=found.get(SESSION_KEY), is_active=True).first()  # noqa: SLF001 -- the custom user
    if person is None or not constant_time_compare(found.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
        return None
    viewer: Viewer = person
    return viewer


def comes_from_here(scope: Scope) -> bool:
    """Whether the browser's page is one of this panel's: a WebSocket may be opened by any page of any site."""
    host, origin = header(scope, b"host"), header(scope, b"origin")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    schemes = {"https"} if settings.HTTPS else {"http", "https"}
    name = parts.hostname or ""
    known = validate_host(f"[{name}]" if ":" in name else name, settings.ALLOWED_HOSTS)
    return bool(host) and parts.netloc == host and parts.scheme in schemes and known
