from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vms.models.viewer import Viewer
from vms.models.vm import Vm
from vms.models.vm_pool import VmPool
from vms.rules.rights import Right


class GrantQuerySet(models.QuerySet["Grant"]):
    def of(self, person: Viewer) -> GrantQuerySet:
        """What was given to this person or to one of their groups."""
        if person.pk is None:
            return self.none()
        return self.filter(Q(person_id=person.pk) | Q(group__in=Group.objects.filter(user=person.pk)))


class Grant(models.Model):
    """A right on one machine or on all of one pool, of one person or of one group.

    It belongs to the UUID and not to the row: a machine that went away and comes back finds its people again."""

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
