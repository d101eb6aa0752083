"""What the audit trail can be narrowed down to. All of it stands in the address."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from stoney_panel.lists import ColumnKind, ListKind
from stoney_panel.lists.words import asked_text, in_some_field
from vms import labels
from vms.models import AuditLine
from vms.rules.audit import ABOUT, BEGINS_WITH, MACHINES, Area, Outcome

MOST_COUNTED = 10_000
"""Whoever finds more than these is told so, and asks more precisely: counting all takes long where there are many."""

MOST_ACCOUNTS = 50
LONGEST_KEY = 64
LONGEST_NUMBER = 19
SHORTEST_CODE = 2
PLACEHOLDER = re.compile(r"%\(\w+\)s")

FIELDS = ("person_name", "subject_name", "address")

LIST = ListKind(
    columns={
        "at": ColumnKind(pgettext_lazy("column: the moment", "When"), "at"),
        "person": ColumnKind(pgettext_lazy("column: who asked", "Who")),
        "address": ColumnKind(pgettext_lazy("column: of whoever asked", "From address")),
        "request": ColumnKind(pgettext_lazy("column: what was asked for", "What")),
        "subject": ColumnKind(pgettext_lazy("column: what it is about", "About")),
        "outcome": ColumnKind(pgettext_lazy("column: what came of it", "Result")),
    },
    search=(),
    default="-at",
)
"""Sorted by time only: any other order would have to sort all there is."""

SOURCE: Mapping[str, Promise] = {
    "panel": pgettext_lazy("filter of the audit trail", "By the panel"),
    "outside": pgettext_lazy("filter of the audit trail", "Not by the panel"),
}
PERIOD: Mapping[str, Promise] = {
    "day": pgettext_lazy("filter of the audit trail", "24 hours"),
    "week": pgettext_lazy("filter of the audit trail", "7 days"),
    "month": pgettext_lazy("filter of the audit trail", "30 days"),
}
_LENGTH = {"day": datetime.timedelta(days=1), "week": datetime.timedelta(days=7), "month": datetime.timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """period: the time before now; since, until: whole days, both included; about: a machine's UUID, or the kind of
    another subject with its key, such as "node:3"; person: the key of an account. "" and None: not asked for."""

    text: str
    outcomes: tuple[str, ...]
    areas: tuple[str, ...]
    sources: tuple[str, ...]
    period: str
    since: datetime.date | None
    until: datetime.date | None
    about: str
    person: int | None

    @classmethod
    def asked(cls, query: QueryDict) -> AuditFilters:
        person, period = query.get("person", ""), query.get("time", "")
        return cls(
            text=asked_text(query),
            outcomes=_known(query, "outcome", Outcome),
            areas=_known(query, "what", Area),
            sources=_known(query, "by", SOURCE),
            period=period if period in PERIOD else "",
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            about=query.get("about", "").replace("\0", "")[: LONGEST_KEY + 20],
            person=int(person) if person.isascii() and person.isdigit() and len(person) < LONGEST_NUMBER else None,
        )

    def found(self) -> QuerySet[AuditLine]:
        lines = AuditLine.objects.filter(self._when(), self._whom(), self._what())
        for word in self.text.split():
            lines = lines.filter(_with_word(word))
        return lines

    def names(self) -> dict[str, str]:
        """What whoever it is about was called last, and who asked, if that is asked for."""
        newest = AuditLine.objects.filter(self._whom()).first() if self.about or self.person is not None else None
        about = {"about": newest.subject_name if newest and newest.subject_name else self.about} if self.about else {}
        person = {"person": newest.person_name if newest else "?"} if self.person is not None else {}
        return about | person

    def _when(self) -> Q:
        when = Q()
        if self.period:
            when &= Q(at__gte=timezone.now() - _LENGTH[self.period])
        if self.since:
            when &= Q(at__gte=_midnight(self.since))
        if self.until:
            when &= Q(at__lt=_midnight(self.until, days=1))
        return when

    def _whom(self) -> Q:
        subject, has_kind, key = self.about.partition(":")
        whom = Q(subject=subject, subject_key=key) if has_kind else Q(subject_key=subject) if subject else Q()
        return whom if self.person is None else whom & Q(person_key=self.person)

    def _what(self) -> Q:
        what = Q(outcome__in=self.outcomes) if self.outcomes else Q()
        if len(self.sources) == 1:
            what &= Q(by_panel="panel" in self.sources)
        if self.areas:
            about = Q()
            for area in self.areas:
                about |= _in_area(Area(area))
            what &= about
        return what


def about(line: AuditLine) -> str:
    """The answer in an address that finds all about the same, "" if it has no key."""
    if not line.subject_key:
        return ""
    return line.subject_key if line.subject in MACHINES else f"{line.subject}:{line.subject_key}"


def _in_area(area: Area) -> Q:
    if area is Area.OTHER:
        others = Q()
        for known in set(Area) - {Area.OTHER}:
            others |= _in_area(known)
        return ~others
    about = Q(request__in=sorted(ABOUT.get(area, ())))
    for beginning in BEGINS_WITH.get(area, ()):
        about |= Q(request__startswith=beginning)
    return about


def _with_word(word: str) -> Q:
    found = in_some_field(FIELDS, word)
    accounts = get_user_model().objects.filter(username__icontains=word).values_list("pk", flat=True)[:MOST_ACCOUNTS]
    found |= Q(person_key__in=list(accounts))
    if len(word) >= SHORTEST_CODE:
        found |= Q(request__in=_codes(word, labels.audit_requests()))
        found |= Q(outcome__in=_codes(word, labels.AUDIT_OUTCOME))
    return found


def _codes(word: str, words: Mapping[Any, Promise]) -> list[str]:
    """What is called so by the reader, names that stand in the middle of it aside."""
    word = word.casefold()
    return [str(code) for code, label in words.items() if word in PLACEHOLDER.sub("", str(label)).casefold()]


def _known(query: QueryDict, name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those that are asked for, of those that there are."""
    choices = list(map(str, known))
    return tuple(value for value in dict.fromkeys(query.getlist(name)) if value in choices)


def _day(text: str) -> datetime.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _midnight(day: datetime.date, *, days: int = 0) -> datetime.datetime:
    """The beginning of the day, or of one so many days later; of the last day there is if that would be beyond it."""
    later = min(day.toordinal() + days, datetime.date.max.toordinal() - 1)
    first = max(datetime.date.fromordinal(later), datetime.date(1970, 1, 1))
    return timezone.make_aware(datetime.datetime.combine(first, datetime.time.min))
