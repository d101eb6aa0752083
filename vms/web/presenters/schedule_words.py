"""A schedule in plain words: when it runs next, and what is kept. The same while it is still being filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, time

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.timezone import get_default_timezone_name

from vms import labels
from vms.operations.schedules import next_runs
from vms.rules.backups import Retention, Rhythm, Schedule
from vms.web import formats
from vms.web.forms.schedule import TimesForm

SHOWN_RUNS = 5
EVERY_MONTH_HAS = 28


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    day: str
    text: str


@dataclass(frozen=True, slots=True)
class ScheduleWords:
    """problems: what has to be right before there are runs; then there are none. zone: of the times."""

    times: str
    runs: list[Moment]
    keeps: list[str]
    at_most: str
    zone: str
    problems: list[str]


def words_of(times: Schedule, keep: Retention) -> ScheduleWords:
    return ScheduleWords(
        times=times_text(times),
        runs=[moment(run) for run in next_runs(times, SHOWN_RUNS)],
        keeps=list(_keeps(keep)),
        at_most=_at_most(keep),
        zone=get_default_timezone_name(),
        problems=[],
    )


def words_of_form(form: TimesForm) -> ScheduleWords:
    """form: with what somebody has entered."""
    if form.is_valid():
        return words_of(form.times, form.keep)
    problems = [f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
    return ScheduleWords("", [], [], "", get_default_timezone_name(), problems)


def times_text(times: Schedule) -> str:
    """ "Every week on Sunday at 02:00"."""
    template = labels.SCHEDULE_TIMES[times.rhythm]
    if times.rhythm is Rhythm.MONTHLY and times.day > EVERY_MONTH_HAS:
        template = labels.SCHEDULE_LAST_DAY
    at = time_format(time(times.hour, times.minute), "TIME_FORMAT")
    return str(template) % {"time": at, "weekday": WEEKDAYS[times.weekday], "day": times.day}


def moment(at: datetime) -> Moment:
    """at: in the panel's time zone."""
    return Moment(at, date_format(at, "D"), f"{date_format(at, 'SHORT_DATETIME_FORMAT')}")


def _keeps(keep: Retention) -> Iterator[str]:
    if keep == Retention():
        yield str(labels.KEEPS_ALL)
    words = {
        "last": labels.KEEPS_LAST,
        "daily": labels.KEEPS_DAILY,
        "weekly": labels.KEEPS_WEEKLY,
        "monthly": labels.KEEPS_MONTHLY,
    }
    yield from (str(words[span] % {"count": count}) for span, count in asdict(keep).items() if count)


def _at_most(keep: Retention) -> str:
    total = sum(asdict(keep).values())
    return str(labels.KEEPS_AT_MOST % {"count": total}) if total else ""


def copies_text(longest_chain: int) -> str:
    return str(labels.COPIES_CHANGES % {"count": longest_chain} if longest_chain else labels.COPIES_ALL)


def checks_text(days: int) -> str:
    return str(labels.CHECKED_AGAIN % {"count": days} if days else labels.CHECKED_ONCE)


def clock_of(at: datetime | None) -> str:
    return formats.clock(at) if at else ""
