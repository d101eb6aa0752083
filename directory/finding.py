"""Whom something could be given: people and groups that the panel knows, and those that the directory has.

settings.PEOPLE names this module to the machines. A key is a candidate's; a `LookupError` carries a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils.functional import Promise

from directory import labels
from directory.accounts import account_of
from directory.candidates import (
    ACCOUNT,
    ENTRY,
    GROUP,
    GROUP_ENTRY,
    Candidate,
    each_once,
    of_account,
    of_entries,
    of_group,
    of_group_entries,
)
from directory.groups import remember
from directory.health import note_answer, note_fault
from directory.ldap import asking
from directory.ldap.access import Access
from directory.ldap.problems import DirectoryFault, Problem
from directory.ldap.searching import Results
from directory.models import Person
from stoney_panel.lists.words import with_every_word

log = logging.getLogger(__name__)

MOST = 50
MOST_WORDS = 8
LONGEST_TEXT = 200
MOST_DIGITS = 18
NAMES_OF_PEOPLE = ("username", "full_name", "email")
NAMES_OF_GROUPS = ("name",)

_Kind = TypeVar("_Kind")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Found:
    """more: there are others too. trouble: a sentence if the directory could not be asked; "" if all is well."""

    candidates: tuple[Candidate, ...] = ()
    more: bool = False
    trouble: str = ""


def find_people(text: str) -> Found:
    """Those with each word of the text in their names or mail address, `MOST` at most; whoever is there without text.
    Of the directory's some may turn out not to be let into the panel."""
    words = _words(text)
    if words is None:
        return Found()
    listed, trouble = _listed(partial(asking.find_people, words=words, most=MOST))
    accounts = with_every_word(Person.objects.filter(is_active=True), NAMES_OF_PEOPLE, " ".join(words))
    known = map(of_account, accounts.order_by("full_name", "username")[: MOST + 1])
    return _found([*known, *of_entries(listed.entries)], trouble, more=listed.more)


def find_groups(text: str) -> Found:
    """The same for groups, by their names."""
    words = _words(text)
    if words is None:
        return Found()
    listed, trouble = _listed(partial(asking.find_groups, words=words, most=MOST))
    there = Group.objects.filter(from_directory__gone_at=None).select_related("from_directory")
    groups = with_every_word(there, NAMES_OF_GROUPS, " ".join(words))
    known = map(of_group, groups.order_by("name")[: MOST + 1])
    return _found([*known, *of_group_entries(listed.entries)], trouble, more=listed.more)


def person_of(key: str) -> Person:
    """The account, made if this is somebody who has never logged in."""
    kind, value = _parts(key)
    wanted = Q(pk=_number(value)) if kind == ACCOUNT else Q(directory_key=value)
    person = Person.objects.filter(wanted, is_active=True).first()
    if person is None and kind == ENTRY:
        return _account_of_entry(value)
    return _given(person, labels.NO_SUCH_PERSON)


def group_of(key: str) -> Group:
    """The group, remembered from now on if it is one of the directory."""
    kind, value = _parts(key)
    wanted = Q(pk=_number(value)) if kind == GROUP else Q(from_directory__key=value)
    group = Group.objects.filter(wanted, from_directory__gone_at=None).first()
    if group is None and kind == GROUP_ENTRY:
        return _remembered(value)
    return _given(group, labels.NO_SUCH_GROUP)


def _account_of_entry(key: str) -> Person:
    try:
        return account_of(asking.find_person(_directory(labels.NO_SUCH_PERSON), key))
    except DirectoryFault as fault:
        raise LookupError(_refusal(fault)) from fault


def _remembered(address: str) -> Group:
    try:
        entry = asking.find_group(_directory(labels.NO_SUCH_GROUP), address)
    except DirectoryFault as fault:
        raise LookupError(_refusal(fault)) from fault
    return remember([_given(entry, labels.NO_SUCH_GROUP)])[0].group


def _directory(otherwise: Promise) -> Access:
    access: Access | None = settings.DIRECTORY
    return _given(access, otherwise)


def _given(answer: _Answer | None, otherwise: Promise) -> _Answer:
    if answer is None:
        raise LookupError(str(otherwise))
    return answer


def _refusal(fault: DirectoryFault) -> str:
    if fault.is_about_the_person:
        return str(labels.PROBLEM[fault.problem])
    _note(fault)
    return str(labels.CANNOT_SAY_WHO)


def _parts(key: str) -> tuple[str, str]:
    kind, _, value = key.replace("\0", "").partition(":")
    return kind, value


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() and len(value) <= MOST_DIGITS else None


def _words(text: str) -> list[str] | None:
    """None if nobody can be called so."""
    if "\0" in text or len(text) > LONGEST_TEXT:
        return None
    return text.split()[:MOST_WORDS]


def _listed(ask: Callable[[Access], Results[_Kind]]) -> tuple[Results[_Kind], str]:
    """What the directory has, and a sentence if it could not be asked."""
    access: Access | None = settings.DIRECTORY
    if access is None:
        return Results(), ""
    try:
        listed = ask(access)
    except DirectoryFault as fault:
        return Results(), _note(fault)
    note_answer()
    return listed, ""


def _note(fault: DirectoryFault) -> str:
    """The sentence for a list in which its people are missing."""
    if fault.problem is Problem.NEEDS_PASSWORD:
        return str(labels.MAY_NOT_SEARCH)
    log.warning("The directory could not be searched: %s. See manage.py check_directory", fault)
    note_fault()
    return str(labels.CANNOT_SEARCH)


def _found(candidates: Iterable[Candidate], trouble: str, *, more: bool) -> Found:
    listed = each_once(candidates)
    return Found(tuple(listed[:MOST]), more or len(listed) > MOST, trouble)
