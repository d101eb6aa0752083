from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.models.node import Node
from vms.models.viewer import Viewer
from vms.rules.pools import PoolKind

if TYPE_CHECKING:
    from vms.models.backup import BackupSchedule
    from vms.models.vm import Vm


class VmPoolQuerySet(models.QuerySet["VmPool"]):
    def visible_to(self, person: Viewer) -> VmPoolQuerySet:
        """Every pool, to whoever may see every machine; to others those of VMs that they or their groups were given: of
        templates they see none."""
        if person.has_perm("vms.view_every_vm"):
            return self.all()
        given = apps.get_model("vms", "Grant").objects.of(person).exclude(pool=None)
        return self.exclude(kind=PoolKind.TEMPLATE).filter(pk__in=given.values("pool_id"))

    def dynamic(self) -> VmPoolQuerySet:
        return self.filter(kind=PoolKind.DYNAMIC)


class VmPool(models.Model):
    """Machines that share the same places and people. Sizes in bytes.

    nodes, folder, networks: where its machines may be; empty for everywhere. folder: of storage pools. most_...: what
    all its machines together may have, 0 for no limit; of a dynamic pool most_vms is its maximum. memory, vcpus,
    network: what a new machine gets if nobody says otherwise, 0 or "" for what its template has. schedule: backs up all
    its machines, beside others that cover them.

    Of dynamic pools: is_on: machines are kept ready and given out; active: the golden image on which the next ones
    stand; minimum: so many there always are; pre_started: so many run for nobody yet; idle_minutes, longest_minutes:
    after which one that somebody has is shut down, 0 for never; warn_minutes: so long before; numbered: how many names
    it has given.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=63)
    kind = models.CharField(max_length=16, default=PoolKind.PERSISTENT.value)
    notes = models.TextField(blank=True)
    nodes = models.ManyToManyField(Node, related_name="vm_pools")
    folder = models.CharField(max_length=1024, blank=True)
    networks = models.JSONField(default=list)
    most_vms = models.PositiveIntegerField(default=0)
    most_memory = models.PositiveBigIntegerField(default=0)
    most_vcpus = models.PositiveIntegerField(default=0)
    memory = models.PositiveBigIntegerField(default=0)
    vcpus = models.PositiveIntegerField(default=0)
    network = models.CharField(max_length=255, blank=True)
    schedule: models.ForeignKey[BackupSchedule | None, BackupSchedule | None] = models.ForeignKey(
        "vms.BackupSchedule", null=True, on_delete=models.SET_NULL, related_name="vm_pools"
    )
    is_on = models.BooleanField(default=True)
    active: models.ForeignKey[Vm | None, Vm | None] = models.ForeignKey(
        "vms.Vm", null=True, on_delete=models.SET_NULL, related_name="active_in"
    )
    minimum = models.PositiveIntegerField(default=0)
    pre_started = models.PositiveIntegerField(default=0)
    idle_minutes = models.PositiveIntegerField(default=0)
    longest_minutes = models.PositiveIntegerField(default=0)
    warn_minutes = models.PositiveIntegerField(default=5)
    numbered = models.PositiveIntegerField(default=0)
    added_at = models.DateTimeField(default=timezone.now)
    added_by_name = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by_name = models.CharField(max_length=150, blank=True)

    objects = VmPoolQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("virtual machine pool")
        verbose_name_plural = _("virtual machine pools")
        constraints = [models.UniqueConstraint(Lower("name"), name="one_vm_pool_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_dynamic(self) -> bool:
        return self.kind == PoolKind.DYNAMIC
