"""The clock of people: what day it is for them, and when a time of day comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.timezone import get_default_timezone

from vms.rules.backups import Day


@dataclass(frozen=True, slots=True)
class ZoneClock:
    """A rules.backups.Clock. A reader's own zone makes no difference to it."""

    zone: tzinfo

    @classmethod
    def of_the_panel(cls) -> ZoneClock:
        """That of settings.TIME_ZONE."""
        return cls(get_default_timezone())

    def day_of(self, moment: float) -> Day:
        found = datetime.fromtimestamp(moment, self.zone)
        return Day(found.year, found.month, found.day)

    def moment_of(self, day: Day, hour: int, minute: int) -> float:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp()
