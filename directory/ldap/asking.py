"""The questions that the panel asks: who logs in here, who is there, and what has become of those who were?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from directory.ldap.access import Access
from directory.ldap.conversation import Conversation
from directory.ldap.entries import Entry, Found, GroupEntry
from directory.ldap.looking import look_for_group, look_for_groups, look_for_people
from directory.ldap.patience import in_time
from directory.ldap.problems import DirectoryFault
from directory.ldap.searching import Results

_Answer = TypeVar("_Answer")


def log_in(access: Access, name: str, password: str) -> Found:
    """Whose name and password these are. A `DirectoryFault` if nobody's, or if the directory cannot say."""
    return in_time(partial(_log_in, access, name, password), access.timeout)


def _log_in(access: Access, name: str, password: str) -> Found:
    with conversation(access) as directory:
        directory.introduce(name, password)
        entry = _find(directory, name)
        directory.prove(entry, password)
        return directory.look_for_groups(entry)


def _find(directory: Conversation, name: str) -> Entry:
    try:
        return directory.find(name)
    except DirectoryFault:
        directory.try_in_vain()
        raise


def find_people(access: Access, words: Sequence[str], most: int) -> Results[Entry]:
    """Those with each of the words in their names or mail address."""
    return _ask(access, lambda directory: look_for_people(directory, access, words, most))


def find_groups(access: Access, words: Sequence[str], most: int) -> Results[GroupEntry]:
    return _ask(access, lambda directory: look_for_groups(directory, access, words, most))


def find_person(access: Access, key: str) -> Found:
    """Who has this key, and may they log in? A `DirectoryFault` if nobody has it."""
    return _ask(access, lambda directory: directory.look_for_groups(directory.find_again(key)))


def find_group(access: Access, address: str) -> GroupEntry | None:
    """address: as `GroupEntry.address` gave it."""
    return _ask(access, lambda directory: look_for_group(directory, access, address))


def _ask(access: Access, question: Callable[[Conversation], _Answer]) -> _Answer:
    return in_time(partial(_ask_as_service, access, question), access.timeout)


def _ask_as_service(access: Access, question: Callable[[Conversation], _Answer]) -> _Answer:
    with conversation(access) as directory:
        directory.introduce()
        return question(directory)


@contextmanager
def conversation(access: Access, *, seconds: float | None = None) -> Iterator[Conversation]:
    """With a directory that has shown that it is the right one."""
    talking = Conversation(access, seconds=seconds)
    try:
        talking.secure()
        yield talking
    finally:
        talking.end()
