from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from vms.models.vm import Vm


class Tag(models.Model):
    """A word that people put on machines to find them again. Case does not matter."""

    name = models.CharField(max_length=40)
    vms = models.ManyToManyField(Vm, related_name="tags", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name
