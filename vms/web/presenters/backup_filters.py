"""The filters of the list of backups: pills and menus with counts, and what is set as chips."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, pgettext

from stoney_panel.lists.address import Address
from vms.models import Vm
from vms.web.lists.backups import DIMENSIONS, MACHINE, SHOW, BackupCounts, BackupFilters
from vms.web.lists.machine_filters import ALL
from vms.web.presenters.facets import SET, Chip, Facet, FacetMenu, FilterBar, choices_of


def backup_filter_bar(filters: BackupFilters, counts: BackupCounts, address: Address, vm: Vm | None) -> FilterBar:
    """vm: the one whose backups are asked for, None if none is or the person may not see it."""
    chips = list(_chips(filters, address, vm))
    return FilterBar(
        pills=_pills(filters, counts, address),
        menus=[menu for menu in _menus(filters, counts, address) if menu.choices],
        chips=chips,
        clear_url=address.without("q", "show", MACHINE, *filters.chosen) if chips else "",
    )


def _pills(filters: BackupFilters, counts: BackupCounts, address: Address) -> list[Facet]:
    every = Facet(str(ALL), counts.pills.get("", 0), address.changed(show=None), not filters.show)
    pills = (
        Facet(
            label=str(pill.label),
            count=counts.pills.get(key, 0),
            url=address.changed(show=None if key == filters.show else key),
            current=key == filters.show,
            alert=pill.alert,
        )
        for key, pill in SHOW.items()
    )
    return [every, *pills]


def _menus(filters: BackupFilters, counts: BackupCounts, address: Address) -> Iterator[FacetMenu]:
    for key, chosen in filters.chosen.items():
        dimension = DIMENSIONS[key]
        choices = choices_of(key, dimension, counts.values[key], chosen, address)
        yield FacetMenu(key, str(dimension.label), choices, is_set=bool(chosen))


def _chips(filters: BackupFilters, address: Address, vm: Vm | None) -> Iterator[Chip]:
    if filters.vm:
        yield Chip(_set(gettext("Machine"), vm.display_name if vm else str(filters.vm)), address.without(MACHINE))
    if filters.text:
        said = pgettext("searched text, in quotation marks", "“%(text)s”") % {"text": filters.text}
        yield Chip(said, address.without("q"))
    if filters.show:
        yield Chip(str(SHOW[filters.show].label), address.without("show"))
    for key, values in filters.chosen.items():
        dimension = DIMENSIONS[key]
        yield from (
            Chip(_set(str(dimension.label), dimension.word(value)), address.toggled(key, value)) for value in values
        )


def _set(question: str, answer: str) -> str:
    return str(SET) % {"question": question, "answer": answer}
