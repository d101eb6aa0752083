"""Where somebody is logged in."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from directory import labels
from directory.models import Visit
from directory.presenters.moments import moment

# The first word that a browser says about itself counts: most say they are others as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class VisitView:
    pk: int
    browser: str
    address: str
    since: datetime.datetime
    since_text: str
    seen: datetime.datetime
    seen_text: str
    is_this_one: bool


def visit_views(visits: Iterable[Visit], session_key: str | None) -> list[VisitView]:
    """session_key: of the reader's own session, which comes first."""
    views = [_view(visit, is_this_one=visit.session_key == session_key) for visit in visits]
    return sorted(views, key=lambda view: not view.is_this_one)


def browser_in_words(user_agent: str) -> str:
    """ "Firefox on Windows"; what is not known is left out."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return str(labels.BROWSER_ON_SYSTEM) % {"browser": browser, "system": system}
    return browser or system or str(labels.UNKNOWN_BROWSER)


def _first(words: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for word, name in words if word in user_agent), "")


def _view(visit: Visit, *, is_this_one: bool) -> VisitView:
    return VisitView(
        pk=visit.pk,
        browser=browser_in_words(visit.browser),
        address=visit.address,
        since=visit.began_at,
        since_text=moment(visit.began_at),
        seen=visit.seen_at,
        seen_text=moment(visit.seen_at),
        is_this_one=is_this_one,
    )
