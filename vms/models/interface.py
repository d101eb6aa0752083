from __future__ import annotations

from django.db import models

from vms.models.vm import Vm


class Interface(models.Model):
    """A network interface of a VM. source: the network, bridge or device it is plugged into.

    addresses: a list of texts such as "10.0.3.27", as the guest agent or the network's leases tell them.
    """

    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="interfaces")
    position = models.PositiveSmallIntegerField()
    mac = models.CharField(max_length=17, blank=True)
    model = models.CharField(max_length=32, blank=True)
    source_type = models.CharField(max_length=16)
    source = models.CharField(max_length=255, blank=True)
    addresses = models.JSONField(default=list)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["vm", "position"], name="one_interface_per_position")]

    def __str__(self) -> str:
        return self.mac


def machines_with_mac(mac: str, *, other_than: Vm | None = None) -> list[Vm]:
    """The machines that have an interface of this address, whichever node they are on."""
    there = Vm.objects.all().present().filter(interfaces__mac__iexact=mac)
    return list(there.exclude(pk__in=[other_than.pk] if other_than else []).distinct())
