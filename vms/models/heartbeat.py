from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """The last sign of life of one of the panel's own processes."""

    process = models.CharField(max_length=16, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.process

    @classmethod
    def beat(cls, process: str) -> None:
        cls.objects.update_or_create(process=process, defaults={"at": timezone.now()})

    @classmethod
    def last(cls, process: str) -> datetime | None:
        return cls.objects.filter(process=process).values_list("at", flat=True).first()

    @classmethod
    def is_fresh(cls, process: str, *, seconds: int) -> bool:
        since = timezone.now() - timedelta(seconds=seconds)
        return cls.objects.filter(process=process, at__gte=since).exists()
