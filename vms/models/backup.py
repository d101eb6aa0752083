from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.models.node import Node
from vms.models.operation import Operation
from vms.models.viewer import Viewer
from vms.models.vm import Vm
from vms.rules.backups import BackupState, Covers, Rhythm


class BackupTarget(models.Model):
    """A folder for backups, as storage pools of nodes have it. A node that has no pool of this folder cannot back up
    there; of nodes whose pools are shared it is the same folder.

    limit: bytes per second of each disk, 0 for none.
    """

    name = models.CharField(_("name"), max_length=63)
    folder = models.CharField(_("folder"), max_length=1024, unique=True)
    limit = models.PositiveBigIntegerField(default=0)
    added_at = models.DateTimeField(default=timezone.now)
    added_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_backup_target_per_name")]

    def __str__(self) -> str:
        return self.name


class BackupSchedule(models.Model):
    """When which machines are backed up by themselves, and which of those backups are kept.

    hour, minute: on the clock of settings.TIME_ZONE; weekday: 0 is Monday; day: of the month. spread: minutes over
    which the machines of one run are distributed. machines: those it covers, if it does not cover all of a kind;
    excluded: those that it leaves out nevertheless. longest_chain: so many backups of changes may stand on a whole one,
    0 for always whole ones. keep_last, keep_daily ...: see rules.backups.Retention. check_every: days after which its
    backups are checked again, 0 for never. last_run: the moment for which it was last run, or since when it is as it
    is.
    """

    name = models.CharField(_("name"), max_length=63)
    target = models.ForeignKey(BackupTarget, on_delete=models.PROTECT, related_name="schedules")
    is_on = models.BooleanField(default=True)
    covers = models.CharField(max_length=16, default=Covers.VMS.value)
    machines = models.ManyToManyField(Vm, related_name="backup_schedules")
    excluded = models.ManyToManyField(Vm, related_name="left_out_of")
    rhythm = models.CharField(max_length=16, default=Rhythm.DAILY.value)
    hour = models.PositiveSmallIntegerField(default=2)
    minute = models.PositiveSmallIntegerField(default=0)
    weekday = models.PositiveSmallIntegerField(default=6)
    day = models.PositiveSmallIntegerField(default=1)
    spread = models.PositiveSmallIntegerField(default=60)
    longest_chain = models.PositiveSmallIntegerField(default=6)
    with_memory = models.BooleanField(default=False)
    keep_last = models.PositiveSmallIntegerField(default=0)
    keep_daily = models.PositiveSmallIntegerField(default=7)
    keep_weekly = models.PositiveSmallIntegerField(default=4)
    keep_monthly = models.PositiveSmallIntegerField(default=6)
    check_every = models.PositiveSmallIntegerField(default=30)
    last_run = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_backup_schedule_per_name")]

    def __str__(self) -> str:
        return self.name


class BackupTurn(models.Model):
    """One machine's part of one run of a schedule. run_at: the moment for which the run was; not_before: its own moment
    in it, or that of the next try. refusal: why it was last refused, as a code: it is tried again until the next run.
    finished_at: when its backup had ended and those that it makes needless were asked to go, or it was missed."""

    schedule = models.ForeignKey(BackupSchedule, on_delete=models.CASCADE, related_name="turns")
    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="+")
    run_at = models.DateTimeField()
    not_before = models.DateTimeField()
    operation = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    refusal = models.CharField(max_length=32, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-run_at", "not_before", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "vm", "run_at"], name="one_turn_per_vm_of_a_run"),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(finished_at=None), name="backup_turns_due"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.vm_id}"


class BackupQuerySet(models.QuerySet["Backup"]):
    def visible_to(self, person: Viewer) -> BackupQuerySet:
        """Those of the machines that the person may see, and of deleted ones only for who sees every machine."""
        if person.has_perm("vms.view_every_vm"):
            return self
        return self.filter(vm__in=Vm.objects.all().visible_to(person))

    def shown(self) -> BackupQuerySet:
        """Those that there are. One that is just being made is shown by its operation."""
        return self.exclude(state=BackupState.MAKING)

    def good(self) -> BackupQuerySet:
        return self.filter(state=BackupState.GOOD)


class Backup(models.Model):
    """A machine as it was at one moment, in files of a target. Sizes in bytes.

    made_at: that moment. node: where it was made; stem: what the names of its files begin with. below: the backup that
    its images stand on, None if they are whole; checkpoint: the moment's name at the machine, "" if nothing may be
    copied since. files: by the disk's target {"path", "format", "capacity", "size"}; sums: SHA-256 by the file's path,
    once they were made. kept: it stays whatever its schedule keeps. operation: which makes it, or has made it.
    checked_at: when its files were last compared with their sums, or those made.
    """

    vm = models.ForeignKey(Vm, on_delete=models.PROTECT, related_name="backups")
    target = models.ForeignKey(BackupTarget, on_delete=models.PROTECT, related_name="backups")
    schedule = models.ForeignKey(BackupSchedule, null=True, on_delete=models.SET_NULL, related_name="backups")
    node = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="+")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    below = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="above")
    state = models.CharField(max_length=16, default=BackupState.MAKING.value)
    stem = models.CharField(max_length=255, unique=True)
    checkpoint = models.CharField(max_length=255, blank=True)
    machine_name = models.CharField(max_length=255)
    made_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    consistency = models.CharField(max_length=16, blank=True)
    files = models.JSONField(default=dict)
    sums = models.JSONField(default=dict)
    size = models.PositiveBigIntegerField(default=0)
    kept = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="backups"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)
    checked_at = models.DateTimeField(null=True)
    checked_by_name = models.CharField(max_length=150, blank=True)
    damage = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["vm", "-made_at"], name="backups_of_vm")]

    def __str__(self) -> str:
        return self.stem

    @property
    def is_whole(self) -> bool:
        """It stands on no other."""
        return self.below_id is None

    def become(self, state: BackupState, **also: Any) -> bool:
        """Move on from the state that it was read in, unless somebody else already did. True if it was us."""
        changed = Backup.objects.filter(pk=self.pk, state=self.state).update(state=state, **also)
        self.refresh_from_db()
        return bool(changed)
