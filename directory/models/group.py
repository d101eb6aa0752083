from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models


class DirectoryGroup(models.Model):
    """A group of the LDAP directory as the panel remembers it. Groups without such a row are the panel's own.

    key: what stays the same when it is renamed. gone_at: since when the directory knows no group of this key."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="from_directory")
    key = models.CharField(max_length=255, unique=True)
    dn = models.TextField()
    gone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.dn
