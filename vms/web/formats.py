"""Numbers and times as the reader writes them."""

import datetime

from django.utils import formats, timezone

from vms import labels

SECONDS_IN_MINUTE = MINUTES_IN_HOUR = 60
HOURS_IN_DAY = 24
HOURS_UNTIL_DAYS = 48
FINE_ENOUGH = 100
STEP, UNITS = 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def at_most(count: int, counted: int) -> str:
    """A number that was counted no further: 10001 of 10000 -> "more than 10,000"."""
    number = formats.number_format(min(count, counted), use_l10n=True, force_grouping=True)
    return str(labels.AUDIT_MORE_THAN) % {"count": number} if count > counted else number


def percent(value: float) -> str:
    """5.1 -> "[5.1 %]", as the reader's language writes it."""
    return str(labels.PERCENT) % {"number": formats.number_format(value, decimal_pos=1)}


def size(count: int) -> str:
    """Bytes in the largest binary unit that keeps a whole part: 2147483648 -> "2 GiB"."""
    value, unit = float(count), 0
    while value >= STEP and unit < len(UNITS) - 1:
        value, unit = value / STEP, unit + 1
    decimals = 0 if value == int(value) or value >= FINE_ENOUGH else 1
    return f"{formats.number_format(value, decimal_pos=decimals)} {UNITS[unit]}"


def clock(at: datetime.datetime) -> str:
    """Today's times as the hour, others with their date."""
    local = timezone.localtime(at)
    if local.date() == timezone.localdate():
        return formats.time_format(local, "TIME_FORMAT")
    return formats.date_format(local, "SHORT_DATETIME_FORMAT")


def moment(at: datetime.datetime) -> str:
    """With its date and its second."""
    local = timezone.localtime(at)
    return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"


def duration(seconds: float) -> str:
    """0.63 -> "0.6 s", 75 -> "1:15 min", 4000 -> "1:06 h"."""
    if seconds < SECONDS_IN_MINUTE:
        return f"{formats.number_format(max(0.0, seconds), decimal_pos=1)} s"
    minutes, rest = divmod(round(seconds), SECONDS_IN_MINUTE)
    if minutes < MINUTES_IN_HOUR:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, MINUTES_IN_HOUR)
    return f"{hours}:{minutes:02d} h"


def span(seconds: float) -> str:
    """A length of time, roughly, in one unit: 9 -> "9 s", 130 -> "2 min", 11000 -> "3 h", 300000 -> "3 days"."""
    count = max(0, int(seconds))
    if count < SECONDS_IN_MINUTE:
        return f"{count} s"
    minutes = count // SECONDS_IN_MINUTE
    if minutes < MINUTES_IN_HOUR:
        return f"{minutes} min"
    hours = minutes // MINUTES_IN_HOUR
    return f"{hours} h" if hours < HOURS_UNTIL_DAYS else labels.days(hours // HOURS_IN_DAY)


def left(seconds: float) -> str:
    """How long something will still take: 130 -> "2 min left"."""
    return str(labels.TIME_LEFT) % {"duration": span(seconds)}


def speed(bytes_per_second: int) -> str:
    """62914560 -> "60 MiB/s"."""
    return str(labels.SPEED) % {"size": size(bytes_per_second)}
