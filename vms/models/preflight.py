from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from vms.models.vm import Vm

NOBODY_IS_THERE_AFTER = timedelta(seconds=60)


class Preflight(models.Model):
    """Where a machine could be moved, as the nodes themselves said when a worker asked them.

    judgements: one for each node, the best first, as vms.operations.preflights writes and reads them.
    """

    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="preflights")
    requested_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    judgements = models.JSONField(default=list)
    problem = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return f"{self.vm_id} ({self.pk})"

    def begin(self) -> bool:
        """Take it on, unless somebody did. True if it was us."""
        untouched = Q(begun_at=None, finished_at=None)
        begun = Preflight.objects.filter(untouched, pk=self.pk).update(begun_at=timezone.now())
        self.refresh_from_db()
        return bool(begun)

    def end(self, judgements: list[dict[str, Any]], problem: str = "", evidence: str = "") -> None:
        self.judgements, self.problem, self.evidence, self.finished_at = judgements, problem, evidence, timezone.now()
        self.save(update_fields=["judgements", "problem", "evidence", "finished_at"])

    @property
    def nobody_came(self) -> bool:
        """No worker has taken it on, or the one that did died."""
        since = self.begun_at or self.requested_at
        return self.finished_at is None and timezone.now() - since > NOBODY_IS_THERE_AFTER
