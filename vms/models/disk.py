from __future__ import annotations

from collections.abc import Collection

from django.db import models

from vms.models.vm import Vm


class DiskQuerySet(models.QuerySet["Disk"]):
    def in_use(self) -> DiskQuerySet:
        """Those of machines that there are."""
        return self.filter(vm__deleted_at=None)

    def to_delete(self) -> DiskQuerySet:
        """Those that may go with their machine: the panel made them for it, and no other machine has them, on any
        node: the same path may be the same storage."""
        others = Disk.objects.all().in_use().filter(path=models.OuterRef("path")).exclude(vm=models.OuterRef("vm"))
        return self.filter(~models.Exists(others), made_by_panel=True).exclude(path="")


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

    objects = DiskQuerySet.as_manager()

    class Meta:
        ordering = ["target"]
        constraints = [models.UniqueConstraint(fields=["vm", "target"], name="one_disk_per_target")]

    def __str__(self) -> str:
        return self.target


def machines_with(paths: Collection[str], *, other_than: Vm) -> dict[str, list[Vm]]:
    """The machines that have each of these, on any node: the same path may be the same storage. One query."""
    machines: dict[str, list[Vm]] = {}
    found = Disk.objects.all().in_use().filter(path__in=paths).exclude(vm=other_than)
    for disk in found.select_related("vm").order_by("vm__display_name", "vm_id"):
        having = machines.setdefault(disk.path, [])
        if disk.vm not in having:
            having.append(disk.vm)
    return machines
