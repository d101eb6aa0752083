from django.db import models

from vms.models.node import Node


class StoragePool(models.Model):
    """A folder of images on a node, as the node last told it. Sizes in bytes.

    shared: other nodes that have a shared pool of this folder see the same files in it.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="storage_pools")
    name = models.CharField(max_length=255)
    folder = models.TextField(blank=True)
    capacity = models.PositiveBigIntegerField(default=0)
    free = models.PositiveBigIntegerField(default=0)
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["node", "name"], name="one_pool_of_a_name_on_a_node")]

    def __str__(self) -> str:
        return self.name


class Network(models.Model):
    """A virtual network of a node, as libvirt leads it."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="networks")
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["node", "name"], name="one_network_of_a_name_on_a_node")]

    def __str__(self) -> str:
        return self.name
