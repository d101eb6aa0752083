from __future__ import annotations

from django.db import models

from vms.models.vm import Vm


class Definition(models.Model):
    """What a node has written down of a machine, as the watcher last read it. There are no passwords in it.

    xml, hardware: what it will be at its next start; live_xml, live_hardware: what it is now, "" and null if it is off.
    hardware: Hardware.as_arguments(). digest: of the definition that was read, see vms.hypervisor.editing.
    """

    vm = models.OneToOneField(Vm, on_delete=models.CASCADE, primary_key=True, related_name="definition")
    digest = models.CharField(max_length=64)
    xml = models.TextField()
    live_xml = models.TextField(blank=True)
    hardware = models.JSONField()
    live_hardware = models.JSONField(null=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest
