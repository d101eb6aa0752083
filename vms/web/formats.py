"""Numbers and times as the reader writes them."""

import datetime

from django.utils import formats, timezone

from vms import labels

SECONDS_IN_MINUTE = MINUTES_IN_HOUR = 60
FINE_ENOUGH = 100
STEP, UNITS = 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


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


def duration(seconds: float) -> str:
    """0.63 -> "0.6 s", 75 -> "1:15 min", 4000 -> "1:06 h"."""
    if seconds < SECONDS_IN_MINUTE:
        return f"{formats.number_format(max(0.0, seconds), decimal_pos=1)} s"
    minutes, rest = divmod(round(seconds), SECONDS_IN_MINUTE)
    if minutes < MINUTES_IN_HOUR:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, MINUTES_IN_HOUR)
    return f"{hours}:{minutes:02d} h"
