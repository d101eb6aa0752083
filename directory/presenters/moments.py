from __future__ import annotations

import datetime

from django.utils import formats, timezone


def moment(at: datetime.datetime | None) -> str:
    """In words of the reader's language and the panel's time zone; "" if there was none."""
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
