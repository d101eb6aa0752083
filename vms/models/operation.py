from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.models.node import Node
from vms.models.viewer import Viewer
from vms.models.vm import Vm
from vms.rules.actions import Action, Slot
from vms.rules.problems import Problem
from vms.rules.progress import FINISHED, MAY_BECOME, Phase, Progress
from vms.rules.status import Second

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


DESTINATION: str = "destination_name"


class OperationQuerySet(models.QuerySet["Operation"]):
    def visible_to(self, person: Viewer) -> OperationQuerySet:
        """Those of the machines that the person may see, and of deleted ones only for who sees every machine."""
        if person.has_perm("vms.view_every_vm"):
            return self
        return self.filter(vm__in=Vm.objects.all().visible_to(person))

    def without_routine(self) -> OperationQuerySet:
        """Those of which people want to read, and of the panel's own work with backups what is under way."""
        return self.exclude(slot=Slot.BACKUPS, requested_by_name="", problem="", finished_at__isnull=False)

    def with_destination(self) -> OperationQuerySet:
        """Each with the name of the node that it brings its machine to, if it does."""
        key = Cast(KeyTextTransform("to", models.OuterRef("arguments")), models.BigIntegerField())
        name = models.Subquery(Node.objects.filter(pk=key).values("name")[:1])
        moves = models.When(action=Action.MIGRATE, then=name)
        return self.annotate(**{DESTINATION: models.Case(moves, output_field=models.CharField())})

    def of(self, person: Viewer) -> OperationQuerySet:
        """Those that this person has asked for."""
        return self.filter(requested_by=person.pk)

    def counted(self, conditions: Mapping[str, Q]) -> dict[str, int]:
        """How many meet each condition, in one query."""
        counts = {f"n{number}": models.Count("pk", filter=q or None) for number, q in enumerate(conditions.values())}
        return dict(zip(conditions, self.order_by().aggregate(**counts).values(), strict=True))


class Operation(models.Model):
    """One thing somebody asked for: the queue entry, the progress bar and the audit line in one row.

    A worker that carries it out holds a lease (lease_owner until lease_until) and renews it while a step lasts.
    An operation without a lease is taken up by whoever hears its bell, not before next_step_at.

    ends_as: set once it was turned back, by a person or a failure: it takes back what it began, and then ends so.
    bytes_before, bytes_total: how much a job of several parts did before the part that is under way now, and has to do
    in all; 0 if it has but one. limit: bytes per second, 0 for none; tries: how often the part under way was begun;
    kept_at: when what was copied was last made to survive a sudden end. measures: what else was measured of the work
    under way, as its steps write it.
    """

    vm = models.ForeignKey(Vm, on_delete=models.PROTECT, related_name="operations")
    node = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="operations")
    action = models.CharField(max_length=32)
    slot = models.CharField(max_length=8)
    second = models.CharField(max_length=16, blank=True)
    arguments = models.JSONField(default=dict)
    request_key = models.UUIDField(null=True, unique=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="operations"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)
    requested_from = models.CharField(max_length=45, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)

    progress = models.CharField(max_length=16, default=Progress.QUEUED.value)
    phase = models.CharField(max_length=32, default=Phase.WAITING_FOR_WORKER.value)
    permille = models.PositiveSmallIntegerField(null=True)
    limit = models.PositiveBigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    kept_at = models.DateTimeField(null=True)
    bytes_before = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_left = models.PositiveBigIntegerField(null=True)
    bytes_per_second = models.PositiveBigIntegerField(null=True)
    measures = models.JSONField(default=dict)
    steps_done = models.PositiveSmallIntegerField(default=0)
    step_began_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    node_silent_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=32, blank=True)
    problem_values = models.JSONField(default=dict)
    evidence = models.TextField(blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    ends_as = models.CharField(max_length=16, blank=True)

    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(default=timezone.now)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        constraints = [
            models.UniqueConstraint(
                fields=["vm", "slot"], condition=Q(finished_at=None), name="one_unfinished_operation_per_slot"
            ),
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(finished_at=None), name="operations_due"),
            models.Index(fields=["vm", "-requested_at"], name="operations_of_vm"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.vm_id}"

    @property
    def percent(self) -> float | None:
        """How far it is, 0.0 to 100.0, or None if that cannot be told."""
        return None if self.permille is None else self.permille / 10

    @property
    def is_routine(self) -> bool:
        """The panel's own work with backups, of which nobody needs to read unless it goes wrong."""
        return self.slot == Slot.BACKUPS and not self.requested_by_name and not self.problem

    @property
    def destination(self) -> str:
        """The name of the node that its machine goes to; "" if there is none, or if it is not from
        with_destination()."""
        return getattr(self, DESTINATION, None) or ""

    @property
    def shown_as(self) -> Second | None:
        return Second(self.second) if self.second else None

    def become(self, progress: Progress, problem: Problem | None = None, **also: Any) -> bool:
        """Move on, unless somebody else already did. True if it was us."""
        came_from = [before for before, after in MAY_BECOME.items() if progress in after]
        changes = {"progress": progress, "problem": problem or "", **also}
        if progress in FINISHED:
            changes["finished_at"] = timezone.now()
        return self._change_if(Q(progress__in=came_from), changes)

    def turn_back(
        self, ends_as: Progress, problem: Problem | None = None, *, before_step: int | None = None, **also: Any
    ) -> bool:
        """Go no further, but take back what was begun. False if it has ended or was turned back before, or has taken
        before_step steps already."""
        outcome = {"ends_as": ends_as, "problem": problem or "", **also}
        from_the_first_step = {"steps_done": 0, "step_began_at": None, "phase": Phase.TAKING_BACK}
        at_once = {"node_silent_since": None, "next_step_at": timezone.now()}
        may = Q(finished_at=None, ends_as="") & ~Q(progress=Progress.UNCLEAR)
        may &= Q() if before_step is None else Q(steps_done__lt=before_step)
        return self._change_if(may, {**outcome, **from_the_first_step, **at_once})

    def claim(self, owner: str, *, seconds: float) -> bool:
        """Take the lease for so long, if nobody holds it and the time for the next step has come.

        A lease that ran out is still held: its worker died, and vms.operations.recovering decides what that means.
        """
        now = timezone.now()
        free = Q(lease_until=None)
        due = Q(next_step_at__lte=now, finished_at=None, progress__in=[Progress.QUEUED, Progress.WORKING])
        until = now + datetime.timedelta(seconds=seconds)
        return self._change_if(free & due, {"lease_owner": owner, "lease_until": until})

    def renew(self, *, seconds: float) -> bool:
        until = timezone.now() + datetime.timedelta(seconds=seconds)
        return self._change_if(Q(lease_owner=self.lease_owner), {"lease_until": until})

    def release(self) -> bool:
        """Give the lease back after the end. Whoever comes next on this machine waits for it."""
        return self._change_if(Q(lease_owner=self.lease_owner), {"lease_owner": "", "lease_until": None})

    def rest(self, *, seconds: float) -> bool:
        """Give the lease back until the next look."""
        due = timezone.now() + datetime.timedelta(seconds=seconds)
        changes = {"lease_owner": "", "lease_until": None, "next_step_at": due}
        return self._change_if(Q(lease_owner=self.lease_owner, finished_at=None), changes)

    def hurry(self) -> bool:
        """Something happened: let the next look be now."""
        return self._change_if(Q(lease_until=None, finished_at=None), {"next_step_at": timezone.now()})

    def note(self, **changes: Any) -> bool:
        """Write down something about the work under way, if it still is ours."""
        return self._change_if(Q(lease_owner=self.lease_owner, finished_at=None), changes)

    def measure(self, measured: Mapping[str, Any], **also: Any) -> bool:
        """Note what was measured of the work under way; what somebody else noted there meanwhile stays."""
        with transaction.atomic():
            there = Operation.objects.select_for_update().get(pk=self.pk).measures
            return self.note(measures={**there, **measured}, **also)

    def count_step(self) -> bool:
        changes = {"steps_done": self.steps_done + 1, "step_began_at": None}
        return self._change_if(Q(steps_done=self.steps_done, ends_as=self.ends_as, finished_at=None), changes)

    def take_from_the_dead(self) -> bool:
        """Free it from a worker whose lease ran out, unless that one has just shown a sign of life."""
        now = timezone.now()
        changes = {"lease_owner": "", "lease_until": None, "next_step_at": now}
        return self._change_if(Q(lease_owner=self.lease_owner, lease_until__lt=now, finished_at=None), changes)

    def _change_if(self, condition: Q, changes: dict[str, Any]) -> bool:
        changed = Operation.objects.filter(condition, pk=self.pk).update(**changes)
        self.refresh_from_db(fields=_fields_of_progress())
        if changed:
            self.lease_owner = changes.get("lease_owner", self.lease_owner)
        return bool(changed)


def _fields_of_progress() -> Iterable[str]:
    """Not the owner of the lease: who holds this object must not take another's lease for its own."""
    return (
        *("progress", "phase", "permille", "steps_done", "step_began_at", "started_at", "node_silent_since"),
        *("finished_at", "problem", "problem_values", "evidence", "lease_until", "next_step_at"),
        *("second", "ends_as", "limit", "tries", "kept_at", "bytes_before", "bytes_total", "measures"),
    )
