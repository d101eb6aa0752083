"""Says that people have changed, whoever changed them: an administrator, a login, the directory."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_delete
from django.dispatch import receiver

from directory.models import Person
from directory.signals import people_changed


@receiver(m2m_changed, sender=Person.groups.through)
def _members_changed(action: str, pk_set: Collection[int] | None, **_more: Any) -> None:
    if action == "post_clear" or (action in {"post_add", "post_remove"} and pk_set):
        people_changed.send(sender=Person)


@receiver(post_delete, sender=Person)
@receiver(post_delete, sender=Group)
def _is_gone(**_more: Any) -> None:
    people_changed.send(sender=Person)
