"""The one seam between machines and people: who could be given something. settings.PEOPLE names the module."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Protocol

from django.conf import settings
from django.contrib.auth.models import Group

from vms.models.viewer import Viewer


class Candidate(Protocol):
    """Somebody, or a group, as people see them. key: for `person_of` or `group_of`, and for nothing else; place: the
    distinguished name in a directory, "" if there is none."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def mail(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def is_local(self) -> bool: ...


class Found(Protocol):
    """more: there are others too. trouble: a sentence if a directory could not be asked; "" if all is well."""

    @property
    def candidates(self) -> Sequence[Candidate]: ...
    @property
    def more(self) -> bool: ...
    @property
    def trouble(self) -> str: ...


class People(Protocol):
    """`person_of` and `group_of` raise a LookupError with a sentence for whoever asked."""

    def find_people(self, text: str) -> Found: ...
    def find_groups(self, text: str) -> Found: ...
    def person_of(self, key: str) -> Viewer: ...
    def group_of(self, key: str) -> Group: ...


@cache
def people() -> People:
    module: People = import_module(settings.PEOPLE)
    return module
