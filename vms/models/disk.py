from django.db import models

from vms.models.vm import Vm


class Disk(models.Model):
    """A disk or drive of a VM, as its definition names it. Sizes in bytes, null while not known."""

    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="disks")
    target = models.CharField(max_length=32)
    device = models.CharField(max_length=16)
    bus = models.CharField(max_length=16, blank=True)
    path = models.TextField(blank=True)
    image_format = models.CharField(max_length=16, blank=True)
    capacity = models.PositiveBigIntegerField(null=True)
    allocation = models.PositiveBigIntegerField(null=True)
    made_by_panel = models.BooleanField(default=False)

    class Meta:
        ordering = ["target"]
        constraints = [models.UniqueConstraint(fields=["vm", "target"], name="one_disk_per_target")]

    def __str__(self) -> str:
        return self.target
