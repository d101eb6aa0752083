from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models.functions import Concat

from vms.models.node import Node

IS_TARGET: str = "is_target"


class StoragePoolManager(models.Manager["StoragePool"]):
    def get_queryset(self) -> models.QuerySet[StoragePool]:
        """Each with whether its folder is one for backups."""
        folder = models.OuterRef("folder")
        targets = apps.get_model("vms", "BackupTarget").objects.annotate(slashed=Concat("folder", models.Value("/")))
        targets = targets.filter(models.Q(folder=folder) | models.Q(slashed=folder))
        return super().get_queryset().annotate(**{IS_TARGET: models.Exists(targets)})


class StoragePool(models.Model):
    """A folder of images on a node, as the node last told it. Sizes in bytes.

    shared: other nodes that have a shared pool of this folder see the same files in it. is_target: backups are made
    there, so it is no place for machines' disks.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="storage_pools")
    name = models.CharField(max_length=255)
    folder = models.TextField(blank=True)
    capacity = models.PositiveBigIntegerField(default=0)
    free = models.PositiveBigIntegerField(default=0)
    shared = models.BooleanField(default=False)

    objects = StoragePoolManager()

    if TYPE_CHECKING:
        is_target: bool

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
