"""What stands around every page: navigation, counts, language, theme, and where the page's events begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, get_language_info, pgettext_lazy

from stoney_panel.preferences import theme_of
from vms.labels.dynamic import DYNAMIC_VMS
from vms.labels.pools import MY_POOLS, POOLS
from vms.operations.permission import may_make, may_read_audit, sees_every_vm, sees_nodes
from vms.web.lists.for_people import EVERY_VM, MY_VMS, TEMPLATES
from vms.web.presenters.counts import Counts, counts_for
from vms.web.presenters.freshness import Freshness, freshness


@dataclass(frozen=True, slots=True)
class NavItem:
    url: str
    label: str
    icon: str
    count: int | None
    current: bool
    section: str


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chrome:
    nav: list[NavItem]
    person: str
    theme: str
    languages: list[Language]
    live_url: str
    last_event_id: str
    fresh: Freshness | None
    operations_url: str
    operations_count: int
    sees_every_vm: bool
    sees_nodes: bool


# Translators: headings of the navigation.
WORK = pgettext_lazy("navigation", "Work")
SETUP = pgettext_lazy("navigation", "Set-up")
NO_SECTION = ""

_ITEMS: tuple[tuple[str, Promise, str, str, Promise | str], ...] = (
    ("vms:list", EVERY_VM, "vm", "vms", NO_SECTION),
    ("vms:dynamic", DYNAMIC_VMS, "clock", "dynamic", NO_SECTION),
    ("vms:templates", TEMPLATES, "template", "templates", NO_SECTION),
    ("vms:pools", POOLS, "cubes", "pools", NO_SECTION),
    ("nodes:list", pgettext_lazy("navigation", "Nodes"), "node", "nodes", NO_SECTION),
    ("images:list", pgettext_lazy("navigation", "Images"), "disc", "", NO_SECTION),
    ("backups:list", pgettext_lazy("navigation", "Backups"), "archive", "", NO_SECTION),
    ("operations:list", pgettext_lazy("navigation", "Operations"), "operations", "under_way", WORK),
    ("audit:list", pgettext_lazy("navigation", "Audit"), "eye", "", WORK),
    ("people:list", pgettext_lazy("navigation", "People"), "users", "", SETUP),
    ("states", pgettext_lazy("navigation", "States & actions"), "states", "", SETUP),
)

# Every other place is for everybody who is logged in.
_FOR_SOME: Mapping[str, Callable[[Any], bool]] = {
    "vms:dynamic": sees_every_vm,
    "vms:templates": sees_every_vm,
    "nodes:list": sees_nodes,
    "images:list": may_make,
    "audit:list": may_read_audit,
    "people:list": lambda person: bool(person.is_administrator),
}

_IF_THERE_ARE = frozenset({"vms:pools"})
"""Nothing there for whoever has none and cannot make any."""

_LABEL_OF_OWN: Mapping[str, Promise] = {"vms:list": MY_VMS, "vms:pools": MY_POOLS}
"""Instead, for whoever sees only the machines that they were given."""

_SECTION_OF_OWN: Mapping[str, str] = {"vms:dynamic": "vms:pools"}
"""Where they find these machines."""


def chrome(request: HttpRequest) -> dict[str, Any]:
    """A context processor. Asked for only by pages that show it."""
    return {"panel": SimpleLazyObject(lambda: _chrome(request))}


def _chrome(request: HttpRequest) -> Chrome:
    logged_in = hasattr(request, "user") and request.user.is_authenticated
    counts = counts_for(request.user) if logged_in else Counts()
    return Chrome(
        nav=_nav(request, counts) if logged_in else [],
        person=str(request.user) if logged_in else "",
        theme=theme_of(request),
        languages=_languages(),
        live_url="/live/events" if logged_in else "",
        last_event_id=getattr(request, "last_event_id", ""),
        fresh=freshness(counts) if logged_in else None,
        operations_url=f"{reverse('operations:list')}?show=attention",
        operations_count=counts.need_attention,
        sees_every_vm=logged_in and sees_every_vm(request.user),
        sees_nodes=logged_in and sees_nodes(request.user),
    )


def _nav(request: HttpRequest, counts: Counts) -> list[NavItem]:
    """A view may say to which entry its page belongs; else the address tells."""
    section_of_page, sees_all = getattr(request, "section", ""), sees_every_vm(request.user)
    if not sees_all:
        section_of_page = _SECTION_OF_OWN.get(section_of_page, section_of_page)
    return [
        NavItem(
            url=reverse(name),
            label=str(label if sees_all else _LABEL_OF_OWN.get(name, label)),
            icon=icon,
            count=getattr(counts, count) if count else None,
            current=name == section_of_page if section_of_page else request.path.startswith(reverse(name)),
            section=str(section),
        )
        for name, label, icon, count, section in _ITEMS
        if name not in _FOR_SOME or _FOR_SOME[name](request.user)
        if name not in _IF_THERE_ARE or sees_all or getattr(counts, count)
    ]


def _languages() -> list[Language]:
    current = get_language()
    return [Language(code, get_language_info(code)["name_local"], code == current) for code, _ in settings.LANGUAGES]
