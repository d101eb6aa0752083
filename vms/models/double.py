from __future__ import annotations

from django.db import models
from django.utils import timezone

from vms.models.node import Node
from vms.models.vm import Vm


class Double(models.Model):
    """Another node than its own knows a machine too. Written by the watcher only, as long as that node lists it.

    power, power_reason: as that node last reported them.
    """

    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="doubles")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="doubles")
    power = models.CharField(max_length=16)
    power_reason = models.CharField(max_length=32, blank=True)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["found_at"]
        constraints = [models.UniqueConstraint(fields=["vm", "node"], name="one_double_per_vm_and_node")]

    def __str__(self) -> str:
        return f"{self.vm_id} {self.node_id}"
