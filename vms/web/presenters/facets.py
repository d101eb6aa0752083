"""The filters of a list: pills with counts, menus of choices, and what is set as chips that can be taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import pgettext, pgettext_lazy

from stoney_panel.lists.address import Address
from vms.web.lists.machine_filters import ALL, MOST_CHOICES, PILLS, TAG, TAG_LABEL, Counts, Dimension, Filters

# Translators: a filter that is set: "Node: alpha".
SET = pgettext_lazy("filter that is set", "%(question)s: %(answer)s")


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter with how many it would show. alert: more than none of them is bad news."""

    label: str
    count: int | None
    url: str
    current: bool
    alert: bool = False


@dataclass(frozen=True, slots=True)
class FacetMenu:
    """A question and its answers, of which several may be set."""

    key: str
    label: str
    choices: list[Facet]
    is_set: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set. url: the list without it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class FilterBar:
    """clear_url: the list without any filter, "" when none is set."""

    pills: list[Facet]
    menus: list[FacetMenu]
    chips: list[Chip]
    clear_url: str


def filter_bar(filters: Filters, counts: Counts, address: Address) -> FilterBar:
    chips = list(_chips(filters, address))
    return FilterBar(
        pills=_pills(filters, counts, address),
        menus=[menu for menu in _menus(filters, counts, address) if menu.choices],
        chips=chips,
        clear_url=address.without("q", "show", TAG, *filters.dimensions) if chips else "",
    )


def _pills(filters: Filters, counts: Counts, address: Address) -> list[Facet]:
    every = Facet(str(ALL), counts.pills.get("", 0), address.changed(show=None), not filters.show)
    return [
        every,
        *(
            Facet(
                label=str(pill.label),
                count=counts.pills.get(key, 0),
                url=address.changed(show=None if key == filters.show else key),
                current=key == filters.show,
                alert=pill.alert,
            )
            for key, pill in PILLS.items()
        ),
    ]


def _menus(filters: Filters, counts: Counts, address: Address) -> Iterator[FacetMenu]:
    tag = Dimension(TAG_LABEL, "tags__name")
    for key, dimension in {**filters.dimensions, TAG: tag}.items():
        chosen = filters.tags if key == TAG else filters.chosen[key]
        yield FacetMenu(
            key=key,
            label=str(dimension.label),
            choices=choices_of(key, dimension, counts.values[key], chosen, address),
            is_set=bool(chosen),
        )


def choices_of(
    key: str, dimension: Dimension, counted: Mapping[str, int], chosen: tuple[str, ...], address: Address
) -> list[Facet]:
    """The most frequent ones, and those that are set whether there are any or not; in their order."""
    frequent = sorted(filter(dimension.knows, counted), key=lambda value: -counted[value])[:MOST_CHOICES]
    values = sorted({*frequent, *chosen}, key=dimension.order())
    return [
        Facet(dimension.word(value), counted.get(value, 0), address.toggled(key, value), value in chosen)
        for value in values
    ]


def _chips(filters: Filters, address: Address) -> Iterator[Chip]:
    if filters.text:
        yield Chip(
            pgettext("searched text, in quotation marks", "“%(text)s”") % {"text": filters.text}, address.without("q")
        )
    if filters.show:
        yield Chip(str(PILLS[filters.show].label), address.without("show"))
    for key, values in filters.chosen.items():
        dimension = filters.dimensions[key]
        for value in values:
            yield Chip(_set(str(dimension.label), dimension.word(value)), address.toggled(key, value))
    for tag in filters.tags:
        yield Chip(_set(str(TAG_LABEL), tag), address.toggled(TAG, tag))


def _set(question: str, answer: str) -> str:
    return str(SET) % {"question": question, "answer": answer}
