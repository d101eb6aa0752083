from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vms.rules.contact import ContactStep, StepState, nothing_done
from vms.rules.names import LONGEST_NAME

NOBODY_IS_THERE_AFTER = timedelta(seconds=60)


class ContactTest(models.Model):
    """A try to reach a node that may be added. steps: a list of {"step", "state", "values"}, in order."""

    name = models.CharField(max_length=LONGEST_NAME)
    uri = models.CharField(max_length=255)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_tests")
    requested_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)
    problem = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return self.name

    def begin(self) -> bool:
        """Take it on, unless somebody did. True if it was us."""
        untouched = Q(begun_at=None, finished_at=None)
        begun = ContactTest.objects.filter(untouched, pk=self.pk).update(begun_at=timezone.now(), steps=nothing_done())
        self.refresh_from_db()
        return bool(begun)

    def note(self, step: ContactStep, state: StepState, **values: Any) -> None:
        for entry in self.steps:
            if entry["step"] == step:
                entry.update(state=state, values=values)
        self.save(update_fields=["steps"])

    def end(self, problem: str = "", evidence: str = "") -> None:
        self.problem, self.evidence, self.finished_at = problem, evidence, timezone.now()
        self.save(update_fields=["problem", "evidence", "finished_at"])

    @property
    def nobody_came(self) -> bool:
        """No worker has taken it on, or the one that did died."""
        since = self.begun_at or self.requested_at
        return self.finished_at is None and timezone.now() - since > NOBODY_IS_THERE_AFTER
