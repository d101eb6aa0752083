from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from vms.models.operation import Operation
from vms.models.vm import Vm


class Bulk(models.Model):
    """One thing asked of many machines at once. A worker asks it of each, one operation a machine."""

    action = models.CharField(max_length=32)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="bulks"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)
    requested_from = models.CharField(max_length=45, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    request_key = models.UUIDField(null=True, unique=True)
    all_asked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return f"{self.action} ({self.pk})"


class BulkItem(models.Model):
    """One machine of a bulk. operation: what came of it; refusal: the reason's code if it was refused."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, related_name="items")
    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="+")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    refusal = models.CharField(max_length=32, blank=True)
    refused_for = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bulk", "vm"], name="one_item_per_vm_of_a_bulk")]

    def __str__(self) -> str:
        return f"{self.bulk_id} {self.vm_id}"
