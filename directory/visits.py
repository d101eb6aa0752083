"""Where people are logged in: written down at login, seen with every page, and ended from anywhere."""

from __future__ import annotations

import datetime

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from directory.models import Person, Visit

SEEN_EVERY = datetime.timedelta(minutes=1)
LONGEST_BROWSER = 255


def begin(person: Person, session_key: str, *, address: str, browser: str) -> None:
    """browser: what it says about itself."""
    facts = {"person": person, "address": address, "browser": browser[:LONGEST_BROWSER]}
    Visit.objects.update_or_create(session_key=session_key, defaults=facts)


def see(person: Person, session_key: str, *, address: str, browser: str) -> None:
    """Written down once in a while; in between it costs no query. A session older than the list gets into it."""
    if not cache.add(f"seen-{session_key}", "", SEEN_EVERY.total_seconds()):
        return
    if not Visit.objects.filter(session_key=session_key).update(seen_at=timezone.now()):
        begin(person, session_key, address=address, browser=browser)


def move(before: str, after: str) -> None:
    """The session goes on under another key."""
    Visit.objects.filter(session_key=before).update(session_key=after)


def visits_of(person: Person) -> QuerySet[Visit]:
    """Those whose session still holds."""
    return Visit.objects.filter(person=person, session_key__in=_alive().values("session_key"))


def log_out(visits: QuerySet[Visit]) -> int:
    """Their next page asks for a login; their event streams end within a minute. How many there were."""
    keys = list(visits.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    Visit.objects.filter(session_key__in=keys).delete()
    return len(keys)


def log_out_everywhere(person: Person, *, but: str = "") -> int:
    """but: the key of a session that goes on."""
    return log_out(Visit.objects.filter(person=person).exclude(session_key=but))


def forget(session_key: str) -> None:
    """Somebody has logged out there."""
    Visit.objects.filter(session_key=session_key).delete()


def forget_ended() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    Visit.objects.exclude(session_key__in=_alive().values("session_key")).delete()


def _alive() -> QuerySet[Session]:
    return Session.objects.filter(expire_date__gte=timezone.now())
