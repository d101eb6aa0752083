"""A machine as a row of a list, opened or not, and as a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.models.vm import dependants_of, fetch_dependants
from vms.rules.status import Main
from vms.web.lists.machine_columns import DEFAULT
from vms.web.presenters.buttons import ANY_MACHINE, Offer, action_bar, offer
from vms.web.presenters.cells import cells
from vms.web.presenters.details import Details, details, fetch_details
from vms.web.presenters.statuses import status_cell, status_view

ALWAYS_THERE = 4
"""Cells of every row: details, number, name, status."""

SELECT = pgettext_lazy("checkbox of a row", "Select %(name)s")
OPEN = pgettext_lazy("link, opens a row", "Details of %(name)s")


@dataclass(frozen=True, slots=True)
class MachineRow:
    """cells: of the chosen columns, as HTML. tickable: the viewer may do something to many at once. width: in cells.

    more_url: the page with this row opened, or closed. select, open: what its checkbox and its "+" are called.
    """

    uuid: str
    number: int | None
    name: str
    select: str
    open: str
    url: str
    more_url: str
    status: SafeString
    run_actions: SafeString
    shows_runs: bool
    cells: SafeString
    other_actions: SafeString
    shows_actions: bool
    tickable: bool
    width: int
    is_stale: bool
    live: str
    more_actions: SafeString | str
    details: Details | None


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all rows of a page have in common. columns: the chosen ones without those that would be empty; select, open:
    sentences that still want a name."""

    viewer: Viewer
    offer: Offer
    columns: Collection[str]
    select: str
    open: str

    @classmethod
    def by(cls, viewer: Viewer, columns: Collection[str], machines: list[Vm]) -> _Shared:
        offered = offer(viewer, machines)
        shown = [key for key in columns if key not in offered.empty_columns]
        return cls(viewer, offered, shown, str(SELECT), str(OPEN))


def machine_rows(
    machines: Iterable[Vm],
    viewer: Viewer,
    *,
    first: int | None,
    opened: Collection[str],
    columns: Collection[str] = DEFAULT,
) -> list[MachineRow]:
    """machines: from with_operations_under_way(), fetched with_columns() of the chosen ones. first: the number of the
    first row, None if they have none."""
    machines = list(machines)
    shared = _Shared.by(viewer, columns, machines)
    fetch_dependants(machines, viewer)
    fetch_details([vm for vm in machines if str(vm.uuid) in opened], viewer)
    return [
        _row(vm, shared, number=None if first is None else first + offset, opened=str(vm.uuid) in opened)
        for offset, vm in enumerate(machines)
    ]


def machine_row(vm: Vm, viewer: Viewer, *, number: int | None, opened: bool) -> MachineRow:
    return _row(vm, _Shared.by(viewer, DEFAULT, [vm]), number=number, opened=opened)


def _row(vm: Vm, shared: _Shared, *, number: int | None, opened: bool) -> MachineRow:
    uuid, offered, may = str(vm.uuid), shared.offer, shared.offer.permissions
    seen = dependants_of(vm, shared.viewer)
    return MachineRow(
        uuid=uuid,
        number=number,
        name=vm.display_name,
        select=shared.select % {"name": vm.display_name},
        open=shared.open % {"name": vm.display_name},
        url=_page_of_any_machine().replace(ANY_MACHINE, uuid),
        more_url=f"?open={uuid}",
        status=status_cell(status_view(vm, shared.viewer), vm.status_since),
        run_actions=action_bar(vm, offered.run, may),
        shows_runs=bool(offered.run),
        cells=cells(vm, shared.columns),
        other_actions=action_bar(vm, offered.other, may),
        shows_actions="action" in shared.columns,
        tickable=offered.for_many,
        width=ALWAYS_THERE + bool(offered.run) + offered.for_many + len(shared.columns),
        is_stale=vm.main == Main.UNKNOWN,
        live=" ".join(f"vm:{each.pk}" for each in (vm, *seen)) if seen else "",
        more_actions=action_bar(vm, offered.more, may, words=True) if opened else "",
        details=details(vm, shared.viewer) if opened else None,
    )


@cache
def _page_of_any_machine() -> str:
    return reverse("vms:page", args=[ANY_MACHINE])
