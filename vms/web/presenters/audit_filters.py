"""The filters of the audit trail, without counts: counting a million lines for each choice would be slow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

from stoney_panel.lists.address import Address
from vms import labels
from vms.web.lists.audit import PERIOD, SOURCE, AuditFilters
from vms.web.presenters.facets import SET, Chip, Facet, FacetMenu, FilterBar

ALWAYS = pgettext_lazy("filter of the audit trail", "Any time")
# Translators: each the beginning of a filter that is set, such as "Result: Refused" or "From: 31/12/2026".
QUESTION: Mapping[str, Promise] = {
    "outcome": pgettext_lazy("filter of the audit trail", "Result"),
    "what": pgettext_lazy("filter of the audit trail", "What"),
    "by": pgettext_lazy("filter of the audit trail", "How"),
    "since": pgettext_lazy("filter of the audit trail", "From"),
    "until": pgettext_lazy("filter of the audit trail", "Until"),
    "about": pgettext_lazy("filter of the audit trail", "About"),
    "person": pgettext_lazy("filter of the audit trail", "Who"),
}
WORDS: Mapping[str, Mapping[Any, Promise]] = {
    "outcome": labels.AUDIT_OUTCOME,
    "what": labels.AUDIT_AREA,
    "by": SOURCE,
}


def audit_filter_bar(filters: AuditFilters, address: Address, names: Mapping[str, str]) -> FilterBar:
    """names: of the person and of what it is about, by the name of the question."""
    chips = list(_chips(filters, address, names))
    clear_url = address.without("q", "time", *QUESTION) if chips else ""
    return FilterBar(_periods(filters, address), list(_menus(filters, address)), chips, clear_url)


def _periods(filters: AuditFilters, address: Address) -> list[Facet]:
    every = Facet(str(ALWAYS), None, address.changed(time=None), not filters.period)
    pills = (Facet(str(word), None, address.changed(time=key), key == filters.period) for key, word in PERIOD.items())
    return [every, *pills]


def _menus(filters: AuditFilters, address: Address) -> Iterator[FacetMenu]:
    for key, chosen in _several(filters).items():
        choices = [
            Facet(str(word), None, address.toggled(key, str(value)), str(value) in chosen)
            for value, word in WORDS[key].items()
        ]
        yield FacetMenu(key, str(QUESTION[key]), choices, is_set=bool(chosen))


def _several(filters: AuditFilters) -> dict[str, tuple[str, ...]]:
    return {"outcome": filters.outcomes, "what": filters.areas, "by": filters.sources}


def _chips(filters: AuditFilters, address: Address, names: Mapping[str, str]) -> Iterator[Chip]:
    if filters.text:
        said = pgettext("searched text, in quotation marks", "“%(text)s”") % {"text": filters.text}
        yield Chip(said, address.without("q"))
    if filters.period:
        yield Chip(str(PERIOD[filters.period]), address.without("time"))
    for key, chosen in _several(filters).items():
        yield from (Chip(_set(key, str(WORDS[key][value])), address.toggled(key, value)) for value in chosen)
    days = {"since": filters.since, "until": filters.until}
    said_days = {key: date_format(day, "SHORT_DATE_FORMAT") for key, day in days.items() if day}
    yield from _one_each({**said_days, **names}.items(), address)


def _one_each(answers: Iterable[tuple[str, str]], address: Address) -> Iterator[Chip]:
    return (Chip(_set(key, answer), address.without(key)) for key, answer in answers)


def _set(key: str, answer: str) -> str:
    return str(SET) % {"question": QUESTION[key], "answer": answer}
