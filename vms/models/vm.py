from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.models.node import Node
from vms.models.viewer import Viewer
from vms.models.vm_pool import VmPool
from vms.rules.kinds import BACKED_UP, Kind, Link
from vms.rules.power import HAS_PROCESS, Power, PowerReason, Wanted
from vms.rules.status import Main, Second, Status

if TYPE_CHECKING:
    from vms.models.operation import Operation

UNDER_WAY: str = "under_way"
DEPENDANTS: str = "dependants"
IS_NEEDED: str = "is_needed"
HAS_DOUBLES: str = "has_doubles"
IS_ACTIVE: str = "is_active"


class VmQuerySet(models.QuerySet["Vm"]):
    def visible_to(self, person: Viewer) -> VmQuerySet:
        """The machines this person may see. Deleted ones are seen by nobody."""
        return self.present().given_to(person)

    def deleted_visible_to(self, person: Viewer) -> VmQuerySet:
        """The deleted machines of whose end this person may read."""
        return self.exclude(deleted_at=None).given_to(person)

    def given_to(self, person: Viewer) -> VmQuerySet:
        """Everything, to whoever may see every machine; to others the VMs that they or their groups were given, alone
        or with their pool. Of dynamic VMs nobody sees another's."""
        if person.has_perm("vms.view_every_vm"):
            return self.all()
        return self.filter(pk__in=apps.get_model("vms", "Grant").objects.machines_of(person))

    def present(self) -> VmQuerySet:
        return self.filter(deleted_at=None)

    def to_back_up(self) -> VmQuerySet:
        """Those of which there should be backups."""
        return self.present().filter(kind__in=BACKED_UP)

    def of_kind(self, kind: Kind) -> VmQuerySet:
        return self.filter(kind=kind)

    def with_operations_under_way(self) -> VmQuerySet:
        """Each machine with its node, whether others need it, whether other nodes know it too and, as `under_way`, the
        operations that have not ended.

        Two queries however many machines: the machines with their node, and what is being done with them."""
        operations = apps.get_model("vms", "Operation").objects.with_destination().filter(finished_at=None)
        under_way = models.Prefetch("operations", queryset=operations, to_attr=UNDER_WAY)
        needed = models.Exists(Vm.objects.all().linked().filter(origin=models.OuterRef("pk")))
        doubles = apps.get_model("vms", "Double").objects.filter(vm=models.OuterRef("pk"))
        elsewhere = models.Exists(doubles.exclude(node=models.OuterRef("node")))
        return (
            self.select_related("node")
            .prefetch_related(under_way)
            .annotate(**{IS_NEEDED: needed, HAS_DOUBLES: elsewhere})
        )

    def with_activity(self) -> VmQuerySet:
        """Each golden image with whether its pool's next VMs come from it."""
        pools = VmPool.objects.filter(active=models.OuterRef("pk"))
        return self.annotate(**{IS_ACTIVE: models.Exists(pools)})

    def linked(self) -> VmQuerySet:
        """Those whose disks still need another machine's."""
        return self.present().exclude(link=Link.NONE)

    def still_linked(self) -> VmQuerySet:
        """Those that are to stand alone one day, with their operations under way. Dynamic VMs never do."""
        operations = apps.get_model("vms", "Operation").objects.filter(finished_at=None)
        under_way = models.Prefetch("operations", queryset=operations, to_attr=UNDER_WAY)
        return self.linked().exclude(kind=Kind.DYNAMIC).prefetch_related(under_way)


class Vm(models.Model):
    """A virtual machine or a VM template. Its identity is libvirt's UUID; sizes in bytes.

    Three truths stand apart: `power` and what belongs to it is written by the watcher only, `wanted` by the
    operations only, and what is under way are Operation rows. `main` and `second` are the status computed from
    them, written by vms.operations.settling only.

    origin: the template or VM it was made from, which the panel may not know (any more); link: whether its disks
    still need that one's. claimed_name: the name in lower case of a machine that the panel made, so that no two
    people make the same at once; those found on nodes claim none. changes_wait: its definition for the next start is
    another than what it is now; protected: nobody may delete it until this is taken off. last_backup_at: the moment of
    its newest good backup.

    Of dynamic VMs, origin: their golden image; assigned_to: the person who has it; assigned_at: since when it is
    nobody's to take any more, also when that person is gone; used_at: when its screen was last open; warned_at: when
    that person was told that it will be shut down.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name at the node"), max_length=255)
    display_name = models.CharField(_("name"), max_length=255)
    kind = models.CharField(max_length=16, default=Kind.VM.value)
    mode = models.CharField(max_length=32, blank=True)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="vms", verbose_name=_("node"))
    memory = models.PositiveBigIntegerField(_("memory"), default=0)
    vcpus = models.PositiveIntegerField(_("vCPUs"), default=0)
    boot_device = models.CharField(max_length=16, blank=True)
    has_agent_channel = models.BooleanField(default=False)
    changes_wait = models.BooleanField(default=False)
    protected = models.BooleanField(_("delete protection"), default=False)
    notes = models.TextField(_("notes"), blank=True)
    mode_set_at = models.DateTimeField(null=True)
    mode_set_by_name = models.CharField(max_length=150, blank=True)

    origin = models.ForeignKey(
        "self", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="made_from_it"
    )
    link = models.CharField(max_length=16, blank=True, default=Link.NONE.value)
    pool = models.ForeignKey(VmPool, null=True, on_delete=models.SET_NULL, related_name="vms")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="dynamic_vms"
    )
    assigned_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    claimed_name = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 -- many claim none

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
    last_backup_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = VmQuerySet.as_manager()

    if TYPE_CHECKING:
        is_active: bool  # only after with_activity()
        under_way: list[Operation]  # these three only after with_operations_under_way()
        is_needed: bool
        has_doubles: bool
        dependants: list[Vm]  # only after fetch_dependants()

    class Meta:
        ordering = ["display_name", "uuid"]
        verbose_name = _("virtual machine")
        verbose_name_plural = _("virtual machines")
        permissions = [
            ("view_every_vm", _("Can see every virtual machine")),
            ("use_vm", _("Can open the screen of virtual machines")),
            ("operate_vm", _("Can start, stop and pause virtual machines")),
            ("create_vm", _("Can create virtual machines from templates")),
            ("manage_vm", _("Can create, change and delete virtual machines")),
            ("give_vm", _("Can say who may use a virtual machine")),
        ]
        indexes = [
            models.Index(fields=["kind", "display_name"], condition=Q(deleted_at=None), name="vms_listed"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def guest_is_on(self) -> bool:
        """Whether there is a process, and not only one that holds the guest of a stopped machine for a job."""
        return Power(self.power) in HAS_PROCESS and self.main not in {Main.STOPPED, Main.CRASHED}

    @property
    def status(self) -> Status:
        """The status as it was last computed from the facts."""
        return Status(Main(self.main), Second(self.second) if self.second else None)

    def has_dependants(self) -> bool:
        """Whether other machines' disks still need its own. A query, unless it was asked for together with it."""
        if hasattr(self, IS_NEEDED):
            return self.is_needed
        return Vm.objects.all().linked().filter(origin=self.pk).exists()

    def is_doubled(self) -> bool:
        """Whether other nodes than its own know it too. A query, unless it was asked for together with it."""
        if hasattr(self, HAS_DOUBLES):
            return self.has_doubles
        return self.doubles.exclude(node=self.node_id).exists()

    def is_active_image(self) -> bool:
        """Whether its pool's next VMs come from it. A query for a golden image, unless it was asked for together with
        it."""
        if self.kind != Kind.GOLDEN_IMAGE:
            return False
        if hasattr(self, IS_ACTIVE):
            return self.is_active
        return self.active_in.exists()

    def origin_name(self) -> str:
        """Of the machine it was made from; "" if the panel does not know it (any more)."""
        origins = Vm.objects.filter(uuid__in=[self.origin_id])
        return origins.values_list("display_name", flat=True).first() or ""

    def observe(self, power: Power, reason: PowerReason) -> bool:
        """Write down what the node reported. True if it was news."""
        same = Q(power=power, power_reason=reason)
        changes = {"power": power, "power_reason": reason, "power_since": timezone.now()}
        return bool(Vm.objects.filter(~same, pk=self.pk).update(**changes))

    def claim_name(self, name: str) -> bool:
        """Instead of the one that it has claimed, if it has. False if another one has claimed it."""
        try:
            with transaction.atomic():
                Vm.objects.filter(pk=self.pk).exclude(claimed_name=None).update(claimed_name=name.lower())
        except IntegrityError:
            return False
        return True

    def mark_gone(self) -> bool:
        """Write down that its node no longer knows it. True if it was news."""
        return bool(Vm.objects.filter(pk=self.pk, gone_at=None, deleted_at=None).update(gone_at=timezone.now()))


def dependants_of(vm: Vm, person: Viewer) -> list[Vm]:
    """Those whose disks still need its own, of them that this person may see, with their operations under way."""
    if DEPENDANTS not in vars(vm):
        fetch_dependants([vm], person)
    return vm.dependants


def fetch_dependants(machines: Iterable[Vm], person: Viewer) -> None:
    """Of all of them at once: two queries if others need any of them, none if not."""
    needed = []
    for vm in machines:
        if vm.has_dependants():
            needed.append(vm)
        else:
            vm.dependants = []
    seen = Vm.objects.all().still_linked().given_to(person)
    models.prefetch_related_objects(needed, models.Prefetch("made_from_it", queryset=seen, to_attr=DEPENDANTS))
