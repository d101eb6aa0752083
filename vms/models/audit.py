from __future__ import annotations

from django.db import models
from django.utils import timezone


class AuditLine(models.Model):
    """Who did what to whom, from where, and what came of it. Written once: the database refuses to change or delete it.

    It names people and machines instead of pointing to their rows, so that it outlives them. person_key: the key of the
    person's account, None if nobody asked the panel; request: an action's code, or the name of the address that was
    asked; reason: a code; address: where the person's browser was, as the panel's proxy or the connection says."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    person_key = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True)
    by_panel = models.BooleanField(default=True)
    request = models.CharField(max_length=64)
    subject = models.CharField(max_length=16, blank=True)
    subject_key = models.CharField(max_length=64, blank=True)
    subject_name = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=64, blank=True)
    operation_key = models.BigIntegerField(null=True)
    values = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["subject_key", "-at"], name="audit_of_subject"),
            models.Index(fields=["person_key", "-at"], name="audit_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.person_name} {self.request} {self.outcome}"
