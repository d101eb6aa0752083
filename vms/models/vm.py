from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.models.node import Node
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind, Lifetime
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.status import Main, Second, Status

if TYPE_CHECKING:
    from vms.models.operation import Operation

UNDER_WAY: str = "under_way"


class VmQuerySet(models.QuerySet["Vm"]):
    def visible_to(self, person: Viewer) -> VmQuerySet:
        """The machines this person may see. Deleted ones are seen by nobody."""
        if person.has_perm("vms.view_every_vm"):
            return self.present()
        return self.none()

    def present(self) -> VmQuerySet:
        return self.filter(deleted_at=None)

    def of_kind(self, kind: Kind) -> VmQuerySet:
        return self.filter(kind=kind)

    def with_operations_under_way(self) -> VmQuerySet:
        """Each machine with its node and, as `under_way`, the operations that have not ended.

        Two queries however many machines: the machines with their node, and what is being done with them."""
        operations = apps.get_model("vms", "Operation").objects.filter(finished_at=None)
        return self.select_related("node").prefetch_related(
            models.Prefetch("operations", queryset=operations, to_attr=UNDER_WAY)
        )


class Vm(models.Model):
    """A virtual machine or a VM template. Its identity is libvirt's UUID; sizes in bytes.

    Three truths stand apart: `power` and what belongs to it is written by the watcher only, `wanted` by the
    operations only, and what is under way are Operation rows. `main` and `second` are the status computed from
    them, written by vms.operations.settling only.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name at the node"), max_length=255)
    display_name = models.CharField(_("name"), max_length=255)
    kind = models.CharField(max_length=16, default=Kind.VM.value)
    lifetime = models.CharField(max_length=16, default=Lifetime.PERSISTENT.value)
    mode = models.CharField(max_length=32, blank=True)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="vms", verbose_name=_("node"))
    memory = models.PositiveBigIntegerField(_("memory"), default=0)
    vcpus = models.PositiveIntegerField(_("vCPUs"), default=0)
    boot_device = models.CharField(max_length=16, blank=True)
    has_agent_channel = models.BooleanField(default=False)
    notes = models.TextField(_("notes"), blank=True)

    os_name = models.CharField(max_length=255, blank=True)
    guest_hostname = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(null=True)

    power = models.CharField(max_length=16, default=Power.UNKNOWN.value)
    power_reason = models.CharField(max_length=32, blank=True)
    power_since = models.DateTimeField(default=timezone.now)
    disk_errors = models.JSONField(default=list)
    last_log_lines = models.TextField(blank=True)
    agent_used_to_answer = models.BooleanField(default=False)
    agent_silent_checks = models.PositiveSmallIntegerField(default=0)
    watchdog_fired = models.BooleanField(default=False)

    wanted = models.CharField(max_length=16, default=Wanted.OFF.value)

    main = models.CharField(max_length=16, default=Main.UNKNOWN.value, db_index=True)
    second = models.CharField(max_length=16, blank=True)
    status_since = models.DateTimeField(default=timezone.now)

    found_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = VmQuerySet.as_manager()

    if TYPE_CHECKING:
        under_way: list[Operation]  # only after with_operations_under_way()

    class Meta:
        ordering = ["display_name", "uuid"]
        verbose_name = _("virtual machine")
        verbose_name_plural = _("virtual machines")
        permissions = [
            ("view_every_vm", _("Can see every virtual machine")),
            ("operate_vm", _("Can start, stop and pause virtual machines")),
            ("manage_vm", _("Can create, change and delete virtual machines")),
        ]
        indexes = [
            models.Index(fields=["kind", "display_name"], condition=Q(deleted_at=None), name="vms_listed"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def status(self) -> Status:
        """The status as it was last computed from the facts."""
        return Status(Main(self.main), Second(self.second) if self.second else None)

    def observe(self, power: Power, reason: PowerReason) -> bool:
        """Write down what the node reported. True if it was news."""
        same = Q(power=power, power_reason=reason)
        changes = {"power": power, "power_reason": reason, "power_since": timezone.now()}
        return bool(Vm.objects.filter(~same, pk=self.pk).update(**changes))

    def mark_gone(self) -> bool:
        """Write down that its node no longer knows it. True if it was news."""
        return bool(Vm.objects.filter(pk=self.pk, gone_at=None, deleted_at=None).update(gone_at=timezone.now()))
