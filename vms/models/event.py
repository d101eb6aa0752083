from __future__ import annotations

from django.db import models
from django.utils import timezone

from vms.models.node import Node
from vms.models.operation import Operation
from vms.models.vm import Vm


class Event(models.Model):
    """One line of what happened to a VM or a node. Written once, never changed."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    what = models.CharField(max_length=32)
    vm = models.ForeignKey(Vm, null=True, on_delete=models.CASCADE, related_name="events")
    node = models.ForeignKey(Node, null=True, on_delete=models.CASCADE, related_name="events")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="events")
    by_panel = models.BooleanField(default=False)
    values = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["vm", "-at"], name="event_of_vm")]

    def __str__(self) -> str:
        return f"{self.what} {self.vm_id or self.node_id}"
