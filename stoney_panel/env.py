"""Typed, strict reading of the environment: a wrong value stops the start and names itself."""

import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured

_SCHEMES = {"postgres": "postgresql", "postgresql": "postgresql", "sqlite": "sqlite3"}


def text(name: str, default: str) -> str:
    return os.environ.get(name) or default


def words(name: str, default: str) -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def flag(name: str, *, default: bool) -> bool:
    value = text(name, "yes" if default else "no")
    if value not in {"yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}")
    return value == "yes"


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks such as 10.0.0.0/8, separated by commas; none if it is not set."""
    try:
        return [ip_network(word) for word in words(name, "")]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be addresses or networks such as 10.0.0.0/8: {error}") from error


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(among)}, not {value!r}")
    return value


def time_zone(name: str) -> str:
    """A zone of the IANA database; the machine's own if it is not set."""
    zone = text(name, _zone_of_this_machine())
    if zone not in available_timezones():
        raise ImproperlyConfigured(f"{name} must be a time zone such as Europe/Zurich, not {zone!r}")
    return zone


def _zone_of_this_machine() -> str:
    _, found, zone = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return zone if found and zone in available_timezones() else "UTC"


def secret(name: str, *, kept_in: Path) -> str:
    """NAME itself, or the content of the file NAME_FILE, or else one made now and kept, readable by its owner only."""
    if os.environ.get(name):
        return os.environ[name]
    named = os.environ.get(f"{name}_FILE")
    path = Path(named) if named else kept_in
    if not path.exists() and not named:
        _make_secret(path)
    return path.read_text(encoding="utf-8").strip()


def given_secret(name: str) -> str:
    """NAME itself, or the content of the file NAME_FILE; "" if there is neither."""
    named = os.environ.get(f"{name}_FILE")
    if os.environ.get(name) or not named:
        return text(name, "")
    try:
        return Path(named).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(50))


def database(name: str, default: str) -> dict[str, Any]:
    """A database in Django's words: postgresql://user:password@host:port/name?option=value or sqlite:///path."""
    url = urlsplit(text(name, default))
    engine = _SCHEMES.get(url.scheme)
    if engine is None:
        raise ImproperlyConfigured(f"{name} must begin with postgresql:// or sqlite:///, not {url.scheme}://")
    if engine == "sqlite3":
        return sqlite(Path(unquote(url.path)))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "OPTIONS": dict(parse_qsl(url.query)),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite for several writing processes: they wait for each other instead of failing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def broker(redis_url: str) -> str:
    """The Redis address as Celery's transport spells it: unix:// becomes redis+socket://."""
    scheme, separator, rest = redis_url.partition("://")
    if not separator or scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"REDIS_URL must begin with redis://, rediss:// or unix://, not {redis_url!r}")
    return f"redis+socket://{rest}" if scheme == "unix" else redis_url
