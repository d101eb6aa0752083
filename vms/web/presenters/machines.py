"""A machine as a row of a list, opened or not, and as a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext_lazy

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.models.vm import dependants_of, fetch_dependants
from vms.rules.status import Main
from vms.web.addresses import short
from vms.web.lists.machine_columns import USUAL
from vms.web.presenters.buttons import ANY_MACHINE, Buttons, Offer, offer
from vms.web.presenters.cells import cells
from vms.web.presenters.details import Details, details, fetch_details
from vms.web.presenters.doubles import fetch_doubles
from vms.web.presenters.statuses import status_cell, status_view

ALWAYS_THERE = 4
"""Cells of every row: details, number, name, status."""

SELECT = pgettext_lazy("checkbox of a row", "Select %(name)s")
OPEN = pgettext_lazy("link, opens a row", "Details of %(name)s")


@dataclass(frozen=True, slots=True)
class MachineRow:
    """head, cells: the cells that are always there, and those of the chosen columns, as HTML. width: in cells."""

    uuid: str
    name: str
    head: SafeString
    status: SafeString
    run_actions: SafeString
    shows_runs: bool
    cells: SafeString
    other_actions: SafeString
    shows_actions: bool
    width: int
    is_stale: bool
    live: str
    more_actions: SafeString | str
    details: Details | None


def _opening(uuid: str) -> str:
    return f"?open={uuid}"


@dataclass(frozen=True, slots=True)
class Opened:
    """rows: the UUIDs of those that show their details. opening: the page with one more of them, or one less."""

    rows: Collection[str]
    opening: Callable[[str], str] = _opening


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all rows of a page have in common. columns: the chosen ones without those that would be empty."""

    viewer: Viewer
    offer: Offer
    columns: Collection[str]
    opened: Opened

    @classmethod
    def by(cls, viewer: Viewer, columns: Collection[str], machines: list[Vm], opened: Opened) -> _Shared:
        offered = offer(viewer, machines)
        shown = [key for key in columns if key not in offered.empty_columns]
        return cls(viewer, offered, shown, opened)


def machine_rows(
    machines: Iterable[Vm],
    viewer: Viewer,
    *,
    first: int | None,
    opened: Opened,
    columns: Collection[str] = USUAL,
) -> list[MachineRow]:
    """machines: from with_operations_under_way(), fetched with_columns() of the chosen ones. first: the number of the
    first row, None if they have none."""
    machines = list(machines)
    shared = _Shared.by(viewer, columns, machines, opened)
    fetch_dependants(machines, viewer)
    fetch_doubles(machines)
    fetch_details([vm for vm in machines if str(vm.uuid) in opened.rows], viewer)
    return [_row(vm, shared, number=None if first is None else first + offset) for offset, vm in enumerate(machines)]


def machine_row(vm: Vm, viewer: Viewer) -> MachineRow:
    """With its details."""
    return _row(vm, _Shared.by(viewer, USUAL, [vm], Opened([str(vm.uuid)])), number=None)


def _row(vm: Vm, shared: _Shared, *, number: int | None) -> MachineRow:
    uuid, offered, buttons = str(vm.uuid), shared.offer, Buttons.of(vm, shared.offer.permissions)
    opened = uuid in shared.opened.rows
    seen = dependants_of(vm, shared.viewer)
    return MachineRow(
        uuid=uuid,
        name=vm.display_name,
        head=_head(vm, shared, number=number),
        status=status_cell(status_view(vm, shared.viewer), vm.status_since),
        run_actions=buttons.bar(offered.run),
        shows_runs=bool(offered.run),
        cells=cells(vm, shared.columns),
        other_actions=buttons.bar(offered.other),
        shows_actions="action" in shared.columns,
        width=ALWAYS_THERE + bool(offered.run) + offered.for_many + len(shared.columns),
        is_stale=vm.main == Main.UNKNOWN,
        live=" ".join(f"vm:{each.pk}" for each in (vm, *seen)) if seen else "",
        more_actions=buttons.bar(offered.more, words=True) if opened else "",
        details=details(vm, shared.viewer) if opened else None,
    )


def _head(vm: Vm, shared: _Shared, *, number: int | None) -> SafeString:
    uuid, opened, tickable = str(vm.uuid), shared.opened, shared.offer.for_many
    pattern = _head_of_any_machine(get_language() or "", tickable=tickable, opened=uuid in opened.rows)
    html = pattern % {
        "key": short(vm.uuid),
        "more": escape(opened.opening(uuid)),
        "number": "" if number is None else localize(number),
        "name": escape(vm.display_name),
    }
    return mark_safe(html)  # noqa: S308 -- all that is not a key or a number is escaped above


@lru_cache
def _head_of_any_machine(_language: str, *, tickable: bool, opened: bool) -> str:
    """Two rows differ in four words only, so that the rest is rendered once."""
    words = {"select": SELECT, "open": OPEN}
    url = reverse("vms:page", args=[ANY_MACHINE]).replace(ANY_MACHINE, "%(key)s")
    return render_to_string("vms/row_head.html", {"tickable": tickable, "opened": opened, "url": url, **words}).strip()
