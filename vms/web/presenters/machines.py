"""A machine as a row of a list, opened or not, and as a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.rules.status import Main
from vms.web.lists.machine_columns import DEFAULT
from vms.web.presenters.buttons import MORE_ACTIONS, OTHER_ACTIONS, RUN_ACTIONS, action_bar, offered
from vms.web.presenters.cells import cells
from vms.web.presenters.details import Details, details, fetch_details
from vms.web.presenters.statuses import status_cell, status_view

ALWAYS_THERE = 5
"""Cells of every row: details, number, name, status, Run Action."""


@dataclass(frozen=True, slots=True)
class MachineRow:
    """cells: of the chosen columns, as HTML. tickable: the viewer may do something to many at once. width: in cells.

    more_url: the page with this row opened, or closed.
    """

    uuid: str
    number: int | None
    name: str
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
    more_actions: SafeString | str
    details: Details | None


def machine_rows(
    machines: Iterable[Vm],
    viewer: Viewer,
    *,
    first: int | None,
    opened: Collection[str],
    columns: Collection[str] = DEFAULT,
) -> list[MachineRow]:
    """machines: from with_operations_under_way(). first: the number of the first row, None if they have none."""
    machines = list(machines)
    fetch_details([vm for vm in machines if str(vm.uuid) in opened])
    return [
        machine_row(
            vm,
            viewer,
            number=None if first is None else first + offset,
            opened=str(vm.uuid) in opened,
            columns=columns,
        )
        for offset, vm in enumerate(machines)
    ]


def machine_row(
    vm: Vm, viewer: Viewer, *, number: int | None, opened: bool, columns: Collection[str] = DEFAULT
) -> MachineRow:
    """columns: the chosen ones; vm has been fetched with_columns() of them."""
    tickable = bool(offered((*RUN_ACTIONS, *OTHER_ACTIONS), viewer))
    return MachineRow(
        uuid=str(vm.uuid),
        number=number,
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.uuid]),
        more_url=f"?open={vm.uuid}",
        status=status_cell(status_view(vm)),
        run_actions=action_bar(vm, offered(RUN_ACTIONS, viewer)),
        cells=cells(vm, columns),
        other_actions=action_bar(vm, offered(OTHER_ACTIONS, viewer)),
        shows_actions="action" in columns,
        tickable=tickable,
        width=ALWAYS_THERE + tickable + len(columns),
        is_stale=vm.main == Main.UNKNOWN,
        more_actions=action_bar(vm, offered(MORE_ACTIONS, viewer), words=True) if opened else "",
        details=details(vm, viewer) if opened else None,
    )
