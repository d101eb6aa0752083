"""How people log in and what their roles let them do."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from directory.accounts import account_of, is_local
from directory.health import note_answer, note_fault
from directory.ldap.access import Access
from directory.ldap.asking import log_in
from directory.ldap.problems import DirectoryFault
from directory.locking import count_not
from directory.models import Person
from directory.roles import Role, rights_of

log = logging.getLogger(__name__)


class DirectoryBackend(BaseBackend):
    """People of the LDAP directory. Asked after the local accounts, and never told about them."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_other: Any
    ) -> Person | None:
        access: Access | None = settings.DIRECTORY
        if access is None or not _can_be_asked(username or "", password or ""):
            return None
        name, local = str(username).strip(), is_local(str(username))
        try:
            person = account_of(log_in(access, *(_nobody() if local else (name, str(password)))))
        except DirectoryFault as fault:
            _note(fault, name)
            if request is not None and not local and not fault.is_about_the_person:
                count_not(request)
            return None
        note_answer()
        return person

    def get_user(self, user_id: int) -> Person | None:
        return Person.objects.filter(pk=user_id, is_active=True).first()


class RoleBackend(BaseBackend):
    """What a role gives, to people of the directory and to local ones."""

    def get_user_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: object = None) -> set[str]:
        if not isinstance(user_obj, Person) or not user_obj.is_active or obj is not None:
            return set()
        return set(rights_of(Role(user_obj.role)))


def _nobody() -> tuple[str, str]:
    """Asked for instead of a local account, of which the directory hears nothing: to be refused takes as long as for a
    name that nobody has, so the time tells nobody which names there are."""
    return secrets.token_hex(), secrets.token_hex()


def _can_be_asked(name: str, password: str) -> bool:
    """An empty password would be answered with success; what no name or password can contain is not sent at all."""
    return bool(name.strip()) and bool(password) and "\0" not in name + password


def _note(fault: DirectoryFault, name: str) -> None:
    if fault.is_about_the_person:
        log.info("%r was not let in: %s", name, fault)
        note_answer()
    else:
        log.warning("The directory could not say who %r is: %s. See manage.py check_directory", name, fault)
        note_fault()
