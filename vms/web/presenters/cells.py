"""The cells of the columns that people may choose, as HTML; and every column as plain text, for CSV."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from vms import labels
from vms.labels import dynamic as words
from vms.models import Vm
from vms.rules.kinds import Kind
from vms.web import formats
from vms.web.lists.machine_columns import IMAGE_NAME, LIST
from vms.web.presenters.assigned import held_since, holder_of
from vms.web.presenters.statuses import DIFFERENT_CELLS_KEPT, status_words
from vms.web.requests import list_of

MOST_ADDRESSES = 3
MEBIBYTE = 1024 * 1024
ACTION = "action"


def cells(vm: Vm, shown: Iterable[str]) -> SafeString:
    """The cells of these columns in their order, without the one with buttons. Each ends where the next one begins. vm:
    from with_columns()."""
    language = get_language() or ""
    html = "".join(_cell(vm, key, language) for key in shown if key != ACTION)
    return mark_safe(html)  # noqa: S308 -- each is escaped below


def _cell(vm: Vm, key: str, language: str) -> str:
    css, inside = _INSIDE[key]
    return f"{_opening(key, css, language)}{inside(vm)}"


@lru_cache
def _opening(key: str, css: str, _language: str) -> str:
    named = format_html(' class="{}"', css) if css else ""
    return format_html('<td{} data-label="{}">', named, str(LIST.columns[key].label))


def _memory(vm: Vm) -> str:
    return _size(vm.memory, get_language() or "") if vm.memory else ""


@lru_cache(DIFFERENT_CELLS_KEPT)
def _size(count: int, _language: str) -> str:
    return formats.size(count)


def _vcpus(vm: Vm) -> str:
    return str(vm.vcpus or "")


def _node(vm: Vm) -> str:
    return _link_to_node(vm.node_id, vm.node.name)


@lru_cache(DIFFERENT_CELLS_KEPT)
def _link_to_node(key: int, name: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse("nodes:page", args=[key]), name)


def _pool(vm: Vm) -> str:
    return format_html('<a href="{}">{}</a>', reverse("vms:pool", args=[vm.pool_id]), vm.pool.name) if vm.pool else ""


def _assigned(vm: Vm) -> str:
    if vm.assigned_at is None:
        return format_html('<span class="quiet">{}</span>', words.NOBODY_YET)
    since = str(words.SINCE) % {"since": held_since(vm)}
    return format_html('<span class="name" title="{}">{}</span>', since, holder_of(vm))


def _image(vm: Vm) -> str:
    name = _image_name(vm)
    return format_html('<a href="{}">{}</a>', reverse("vms:page", args=[vm.origin_id]), name) if name else ""


def _image_name(vm: Vm) -> str:
    return vars(vm).get(IMAGE_NAME) or ""


def _tags(vm: Vm) -> str:
    page = reverse(list_of(Kind(vm.kind)))
    links = (
        format_html('<a class="tag" href="{}?{}">{}</a>', page, urlencode({"tag": tag.name}), tag.name)
        for tag in vm.tags.all()
    )
    return "".join(links)


def _os(vm: Vm) -> str:
    return escape(vm.os_name)


def addresses_of(vm: Vm) -> list[str]:
    return [str(address) for interface in vm.interfaces.all() for address in interface.addresses]


def _addresses(vm: Vm) -> str:
    every = addresses_of(vm)
    more = len(every) - MOST_ADDRESSES
    few = "".join(format_html("<span>{}</span>", address) for address in every[:MOST_ADDRESSES])
    return few + (f"<span>+{more}</span>" if more > 0 else "")


def _up_since(vm: Vm) -> datetime.datetime | None:
    return vm.started_at if vm.guest_is_on else None


def _uptime(vm: Vm) -> str:
    since = _up_since(vm)
    return _time(since) if since else ""


def _since(vm: Vm) -> str:
    return _time(vm.status_since)


def _backup(vm: Vm) -> str:
    return _time(vm.last_backup_at) if vm.last_backup_at else escape(labels.NEVER_BACKED_UP)


def _time(at: datetime.datetime) -> str:
    text = formats.clock(at)
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', at.isoformat(), text, text)


_INSIDE: Mapping[str, tuple[str, Callable[[Vm], str]]] = {
    "memory": ("num", _memory),
    "vcpus": ("num", _vcpus),
    "node": ("nowrap", _node),
    "pool": ("", _pool),
    "assigned": ("", _assigned),
    "image": ("", _image),
    "tags": ("cell-tags", _tags),
    "os": ("cell-os", _os),
    "addresses": ("cell-addresses", _addresses),
    "uptime": ("num", _uptime),
    "since": ("num", _since),
    "backup": ("num", _backup),
}
"""Of each column: its class, and what is in its cells, as HTML."""


def plain_heading(key: str) -> str:
    label = str(LIST.columns[key].label)
    return f"{label} (MiB)" if key == "memory" else label


def plain(vm: Vm, keys: Collection[str]) -> list[str]:
    """What a table of numbers and texts says of a machine: sizes in MiB, local times."""
    return [_PLAIN[key](vm) for key in keys]


def _moment(at: datetime.datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


_PLAIN: Mapping[str, Callable[[Vm], str]] = {
    "name": lambda vm: vm.display_name,
    "status": status_words,
    "memory": lambda vm: str(vm.memory // MEBIBYTE) if vm.memory else "",
    "vcpus": _vcpus,
    "node": lambda vm: vm.node.name,
    "pool": lambda vm: vm.pool.name if vm.pool else "",
    "assigned": holder_of,
    "image": _image_name,
    "tags": lambda vm: ", ".join(tag.name for tag in vm.tags.all()),
    "os": lambda vm: vm.os_name,
    "addresses": lambda vm: ", ".join(addresses_of(vm)),
    "uptime": lambda vm: _moment(_up_since(vm)),
    "since": lambda vm: _moment(vm.status_since),
    "backup": lambda vm: _moment(vm.last_backup_at),
}
PLAIN_COLUMNS = frozenset(_PLAIN)
