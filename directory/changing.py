"""What administrators do to accounts. What is not right is refused, see policy."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from directory.models import Person
from directory.policy import Change, require
from directory.roles import Role
from directory.visits import log_out_everywhere


@dataclass(frozen=True, slots=True)
class About:
    """What a local account says about its person."""

    full_name: str
    email: str
    role: Role


@transaction.atomic
def create(username: str, about: About, password: str) -> Person:
    person = Person(username=username, full_name=about.full_name, email=about.email)
    person.take_role(about.role)
    person.set_password(password)
    person.save()
    return person


@transaction.atomic
def edit(pk: int, about: About, *, by: Person) -> None:
    person = _held(pk)
    require(Change.EDIT, person, by)
    if person.is_administrator and about.role is not Role.ADMINISTRATOR:
        require(Change.DEMOTE, person, by)
    person.full_name, person.email = about.full_name, about.email
    person.take_role(about.role)
    person.save(update_fields=["full_name", "email", "role", "is_superuser"])


@transaction.atomic
def set_password(pk: int, password: str, *, by: Person) -> None:
    """Whoever had the old one is logged out."""
    person = _held(pk)
    require(Change.SET_PASSWORD, person, by)
    person.set_password(password)
    person.save(update_fields=["password"])
    log_out_everywhere(person)


@transaction.atomic
def block(pk: int, *, by: Person) -> None:
    """It holds whatever the directory says."""
    person = _held(pk)
    require(Change.BLOCK, person, by)
    person.is_active, person.gone_at = False, None
    person.save(update_fields=["is_active", "gone_at"])
    log_out_everywhere(person)


@transaction.atomic
def let_in(pk: int, *, by: Person) -> None:
    person = _held(pk)
    require(Change.LET_IN, person, by)
    person.is_active = True
    person.save(update_fields=["is_active"])


@transaction.atomic
def delete(pk: int, *, by: Person) -> None:
    person = _held(pk)
    require(Change.DELETE, person, by)
    log_out_everywhere(person)
    person.delete()


def _held(pk: int) -> Person:
    """Together with all administrators: of two who would shut each other out, the second finds out."""
    list(Person.objects.select_for_update().filter(is_superuser=True).order_by("pk").values_list("pk"))
    return Person.objects.select_for_update().get(pk=pk)
