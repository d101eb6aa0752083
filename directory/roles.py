"""What a person is to the panel. What a role may do is said once, in the settings: people know no machines."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings


class Role(StrEnum):
    """The highest first: somebody in the groups of several roles has the first of them."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    USER = "user"


def rights_of(role: Role) -> frozenset[str]:
    """As "app.codename". Those of an administrator need no list: Django gives a superuser all of them."""
    rights: dict[str, frozenset[str]] = settings.RIGHTS_OF_ROLES
    return rights.get(role, frozenset())
