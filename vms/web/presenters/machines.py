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
from vms.models.vm import fetch_dependants
from vms.rules.actions import Action
from vms.rules.status import Main
from vms.web.lists.machine_columns import DEFAULT
from vms.web.presenters.buttons import ANY_MACHINE, MORE_ACTIONS, OTHER_ACTIONS, RUN_ACTIONS, action_bar, offered
from vms.web.presenters.cells import cells
from vms.web.presenters.details import Details, details, fetch_details
from vms.web.presenters.statuses import status_cell, status_view

ALWAYS_THERE = 5
"""Cells of every row: details, number, name, status, Run Action."""

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
    """What all rows of a page have in common. run, other, more: the actions that the viewer can do somewhere; select,
    open: sentences that still want a name."""

    viewer: Viewer
    columns: Collection[str]
    select: str
    open: str
    run: tuple[Action, ...]
    other: tuple[Action, ...]
    more: tuple[Action, ...]

    @classmethod
    def by(cls, viewer: Viewer, columns: Collection[str]) -> _Shared:
        kinds = (offered(actions, viewer) for actions in (RUN_ACTIONS, OTHER_ACTIONS, MORE_ACTIONS))
        return cls(viewer, columns, str(SELECT), str(OPEN), *kinds)


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
    machines, shared = list(machines), _Shared.by(viewer, columns)
    fetch_dependants(machines)
    fetch_details([vm for vm in machines if str(vm.uuid) in opened])
    return [
        _row(vm, shared, number=None if first is None else first + offset, opened=str(vm.uuid) in opened)
        for offset, vm in enumerate(machines)
    ]


def machine_row(vm: Vm, viewer: Viewer, *, number: int | None, opened: bool) -> MachineRow:
    return _row(vm, _Shared.by(viewer, DEFAULT), number=number, opened=opened)


def _row(vm: Vm, shared: _Shared, *, number: int | None, opened: bool) -> MachineRow:
    uuid, tickable = str(vm.uuid), bool(shared.run or shared.other)
    return MachineRow(
        uuid=uuid,
        number=number,
        name=vm.display_name,
        select=shared.select % {"name": vm.display_name},
        open=shared.open % {"name": vm.display_name},
        url=_page_of_any_machine().replace(ANY_MACHINE, uuid),
        more_url=f"?open={uuid}",
        status=status_cell(status_view(vm), vm.status_since),
        run_actions=action_bar(vm, shared.run),
        cells=cells(vm, shared.columns),
        other_actions=action_bar(vm, shared.other),
        shows_actions="action" in shared.columns,
        tickable=tickable,
        width=ALWAYS_THERE + tickable + len(shared.columns),
        is_stale=vm.main == Main.UNKNOWN,
        live=" ".join(f"vm:{each.pk}" for each in (vm, *vm.dependants)) if vm.dependants else "",
        more_actions=action_bar(vm, shared.more, words=True) if opened else "",
        details=details(vm, shared.viewer) if opened else None,
    )


@cache
def _page_of_any_machine() -> str:
    return reverse("vms:page", args=[ANY_MACHINE])
