from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vms.models.node import Node
from vms.models.operation import Operation
from vms.models.vm import Vm
from vms.rules.emptying import ENDED, State, Verdict


class Emptying(models.Model):
    """A node is freed of its machines: first a plan, then one migration after the other.

    at_once: so many migrations at the same time; limit: bytes per second of each, 0 for none. lease_until: so long a
    worker has it to itself.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="emptyings")
    state = models.CharField(max_length=16, default=State.PLANNING.value)
    at_once = models.PositiveSmallIntegerField(default=2)
    limit = models.PositiveBigIntegerField(default=0)
    converges = models.BooleanField(default=False)
    post_copy = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="emptyings"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)
    requested_from = models.CharField(max_length=45, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    planned_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["node"], condition=Q(finished_at=None), name="one_unfinished_emptying_per_node"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node_id} ({self.pk})"

    def take(self, *, seconds: float) -> bool:
        """Have it to oneself for so long, if nobody else has. One whose worker died is free when its time is over."""
        now = timezone.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        taken = Emptying.objects.filter(free, pk=self.pk, finished_at=None).update(lease_until=_in(seconds))
        self.refresh_from_db()
        return bool(taken)

    def keep(self, *, seconds: float) -> bool:
        """Go on having it. False if somebody has decided otherwise about it meanwhile."""
        return bool(Emptying.objects.filter(pk=self.pk, state=self.state).update(lease_until=_in(seconds)))

    def give_back(self) -> None:
        Emptying.objects.filter(pk=self.pk).update(lease_until=None)

    def become(self, state: State, **also: Any) -> bool:
        """Move on from the state that it was read in, unless somebody else already did. True if it was us."""
        changes = {"state": state, **also}
        if state in ENDED:
            changes["finished_at"] = timezone.now()
        return bool(Emptying.objects.filter(pk=self.pk, state=self.state, finished_at=None).update(**changes))


def _in(seconds: float) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=seconds)


class EmptyingItem(models.Model):
    """One machine of a plan, in the order of the plan. to, folder: where it and the copies of its disks go.

    stands_against: if it cannot go anywhere, what stands against each node, as in a pre-flight. refusal: why the
    migration was refused when its turn came, as a code; tries: how often it was begun.
    """

    emptying = models.ForeignKey(Emptying, on_delete=models.CASCADE, related_name="items")
    vm = models.ForeignKey(Vm, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, default=Verdict.GOES.value)
    to = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="+")
    way = models.CharField(max_length=16, blank=True)
    copies = models.JSONField(default=list)
    folder = models.CharField(max_length=1024, blank=True)
    stands_against = models.JSONField(default=list)
    operation = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    refusal = models.CharField(max_length=32, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["emptying", "vm"], name="one_item_per_vm_of_an_emptying")]

    def __str__(self) -> str:
        return f"{self.emptying_id} {self.vm_id}"
