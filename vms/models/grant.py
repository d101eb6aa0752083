from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from vms.models.viewer import Viewer
from vms.models.vm import Vm
from vms.models.vm_pool import VmPool
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.rights import Right

MACHINE: str = "machine"
"""Of rights after counting_for(): the id of the machine on which one counts."""


class GrantQuerySet(models.QuerySet["Grant"]):
    def of(self, person: Viewer) -> GrantQuerySet:
        """What was given to this person or to one of their groups."""
        if person.pk is None:
            return self.none()
        return self.filter(Q(person_id=person.pk) | Q(group__in=Group.objects.filter(user=person.pk)))

    def counting_for(self, person: Viewer) -> GrantQuerySet:
        """Of what was given to them, each once for every machine on which it counts, as `machine`: the persistent VM
        that it is on, also while that is away, those of the pool that it is on, and of a dynamic pool those that this
        person has. On templates and golden images none counts."""
        alone = Q(vm__isnull=False) & (Q(vm__kind=Kind.VM) | Q(vm__kind=None))
        pooled = Q(pool__kind=PoolKind.PERSISTENT, pool__vms__kind=Kind.VM)
        own = Q(pool__kind=PoolKind.DYNAMIC, pool__vms__kind=Kind.DYNAMIC, pool__vms__assigned_to=person.pk)
        machine = Coalesce("vm_id", "pool__vms__uuid", output_field=models.UUIDField())
        return self.of(person).filter(alone | pooled | own).annotate(**{MACHINE: machine})

    def machines_of(self, person: Viewer) -> models.QuerySet[Grant, dict[str, Any]]:
        """The ids of the machines on which something counts for this person, to be looked for among them."""
        counting: models.QuerySet[Grant, dict[str, Any]] = self.counting_for(person).values(MACHINE)
        return counting


class Grant(models.Model):
    """A right on one machine or on all of one pool, of one person or of one group.

    It belongs to the machine's UUID and not to its row: a machine that went away and comes back finds its people again.
    One on a pool goes with it."""

    vm = models.ForeignKey(Vm, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="grants")
    pool = models.ForeignKey(VmPool, null=True, on_delete=models.CASCADE, related_name="grants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="grants")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="grants")
    right = models.CharField(max_length=16, default=Right.USE.value)
    given_by_name = models.CharField(max_length=150, blank=True)
    given_at = models.DateTimeField(default=timezone.now)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vm", "person"], name="one_right_per_person"),
            models.UniqueConstraint(fields=["vm", "group"], name="one_right_per_group"),
            models.UniqueConstraint(fields=["pool", "person"], name="one_pool_right_per_person"),
            models.UniqueConstraint(fields=["pool", "group"], name="one_pool_right_per_group"),
            models.CheckConstraint(
                condition=Q(vm=None, pool__isnull=False) | Q(vm__isnull=False, pool=None),
                name="a_right_is_on_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(person=None, group__isnull=False) | Q(person__isnull=False, group=None),
                name="a_right_has_one_owner",
            ),
            models.CheckConstraint(condition=Q(right__in=[right.value for right in Right]), name="a_known_right"),
        ]

    def __str__(self) -> str:
        return f"{self.right} {self.vm_id or self.pool_id}"
