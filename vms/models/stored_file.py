from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vms.rules.images import FileKind


class StoredFile(models.Model):
    """A file that somebody uploaded, to make machines from: an ISO image or a disk image. Sizes in bytes.

    capacity: what a guest sees of it. file_name: what it is called below settings.UPLOADS, whatever people call it.
    """

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(max_length=8)
    size = models.PositiveBigIntegerField()
    capacity = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=64, unique=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    uploaded_by_name = models.CharField(max_length=150, blank=True)
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_file_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(settings.UPLOADS) / self.file_name

    @property
    def is_iso(self) -> bool:
        return self.kind == FileKind.ISO


class BroughtImage(models.Model):
    """An ISO image that the panel brought to a node's storage pool, for all templates there.

    place: the node, or "shared" where all nodes see the same files. operation: which brought it, or is just bringing
    it: until complete its file may be there by half, and looks as large as the whole.
    """

    place = models.CharField(max_length=32)
    path = models.TextField()
    sha256 = models.CharField(max_length=64)
    operation = models.ForeignKey("vms.Operation", null=True, on_delete=models.SET_NULL, related_name="+")
    complete = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "path"], name="brought_once_to_a_place")]

    def __str__(self) -> str:
        return self.path
