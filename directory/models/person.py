from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.roles import Role
from directory.signals import people_changed

LONGEST_NAME = 150


class Standing(StrEnum):
    MAY_LOG_IN = "may-log-in"
    BLOCKED = "blocked"
    """In the panel, whatever the directory says."""
    GONE = "gone"
    """From the directory, or from the groups that let people in."""


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(username__iexact=username)

    def create_user(self, username: str, password: str | None = None, *, is_administrator: bool = False) -> Person:
        person = self.model(username=username)
        person.take_role(Role.ADMINISTRATOR if is_administrator else Role.USER)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who may log in. Administrators are Django's superusers.

    directory_key: who it is in the LDAP directory, whatever the name is; None for a local account. gone_at: since when
    the directory knows nobody of this key any more, or has no role for them."""

    username = models.CharField(
        _("user name"), max_length=LONGEST_NAME, unique=True, validators=[UnicodeUsernameValidator()]
    )
    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("role"), max_length=20, default=Role.USER)
    language = models.CharField(max_length=20, blank=True)
    directory_key = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 -- null: not from there
    is_active = models.BooleanField(_("may log in"), default=True)
    gone_at = models.DateTimeField(null=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="one_person_per_user_name"),
            models.CheckConstraint(
                condition=Q(role=Role.ADMINISTRATOR, is_superuser=True)
                | (~Q(role=Role.ADMINISTRATOR) & Q(is_superuser=False)),
                name="administrators_are_superusers",
            ),
            models.CheckConstraint(
                condition=Q(directory_key=None) | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
                name="no_password_beside_the_directory",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def save(self, *args: Any, **options: Any) -> None:
        """Says so if it changes what the person may see and do."""
        before = Person.objects.filter(pk=self.pk).values_list("role", "is_active").first() if self.pk else None
        super().save(*args, **options)
        if before not in {None, (self.role, self.is_active)}:
            people_changed.send(sender=Person)

    @staticmethod
    def check_username(name: str) -> None:
        """A `ValidationError` if nobody can be called so."""
        UnicodeUsernameValidator()(name)
        MaxLengthValidator(LONGEST_NAME)(name)

    @property
    def is_local(self) -> bool:
        """The panel itself has the password; the LDAP directory is not asked."""
        return self.directory_key is None

    @property
    def standing(self) -> Standing:
        if self.is_active:
            return Standing.MAY_LOG_IN
        return Standing.GONE if self.gone_at else Standing.BLOCKED

    @property
    def is_administrator(self) -> bool:
        return self.is_superuser

    def take_role(self, role: Role) -> None:
        self.role = role
        self.is_superuser = role is Role.ADMINISTRATOR
