from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.rules.duty import Duty
from vms.rules.names import LONGEST_NAME

VM_COUNT = "vm_count"


class NodeQuerySet(models.QuerySet["Node"]):
    def with_vm_counts(self) -> NodeQuerySet:
        present = models.Q(vms__deleted_at=None)
        return self.annotate(**{VM_COUNT: models.Count("vms", filter=present)})


class Node(models.Model):
    """A host with libvirtd that the panel looks after, and what was last heard from it. Sizes in bytes.

    peer_uri, peer_address: how other nodes, not the panel, reach its libvirtd, and where they send memory and disks of
    machines that move to it; "" for the same address as the panel's, and for its own name.
    """

    name = models.CharField(_("name"), max_length=LONGEST_NAME, unique=True)
    uri = models.CharField(_("libvirt address"), max_length=255, unique=True)
    duty = models.CharField(max_length=16, default=Duty.ACTIVE.value)
    added_at = models.DateTimeField(default=timezone.now)
    peer_uri = models.CharField(_("libvirt address for other nodes"), max_length=255, blank=True)
    peer_address = models.CharField(_("address for migrations"), max_length=255, blank=True)

    reachable = models.BooleanField(default=False)
    contact_since = models.DateTimeField(null=True)
    last_contact_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)

    node_uuid = models.CharField(max_length=36, blank=True)
    hostname = models.CharField(max_length=255, blank=True)
    libvirt_version = models.CharField(max_length=32, blank=True)
    hypervisor_version = models.CharField(max_length=32, blank=True)
    cpu_model = models.CharField(max_length=128, blank=True)
    cpus = models.PositiveIntegerField(default=0)
    memory_total = models.PositiveBigIntegerField(default=0)
    memory_free = models.PositiveBigIntegerField(default=0)
    cpu_permille = models.PositiveIntegerField(null=True)
    offers_kvm = models.BooleanField(default=False)
    log_directory = models.CharField(_("folder of the QEMU logs"), max_length=255, blank=True)

    objects = NodeQuerySet.as_manager()

    if TYPE_CHECKING:
        vm_count: int  # only after with_vm_counts()

    class Meta:
        ordering = ["name"]
        verbose_name = _("node")
        verbose_name_plural = _("nodes")

    def __str__(self) -> str:
        return self.name

    def found(self, at: datetime.datetime) -> bool:
        """Write down that the node answered. True if that was news."""
        news = Node.objects.filter(pk=self.pk, reachable=False).update(
            reachable=True, contact_since=at, last_contact_at=at, problem="", evidence=""
        )
        Node.objects.filter(pk=self.pk).update(last_contact_at=at)
        return bool(news)

    def lost(self, at: datetime.datetime, problem: str, evidence: str) -> bool:
        """Write down that the node does not answer. True if that was news."""
        Node.objects.filter(pk=self.pk).exclude(problem=problem, evidence=evidence).update(
            problem=problem, evidence=evidence
        )
        never_reached = models.Q(reachable=False, contact_since=None)
        affected = Node.objects.filter(models.Q(reachable=True) | never_reached, pk=self.pk)
        return bool(affected.update(reachable=False, contact_since=at))

    def forget(self) -> None:
        """Remove the row. What was deleted from it long ago keeps no node."""
        self.vms.exclude(deleted_at=None).delete()
        self.delete()
