"""The questions that the panel asks: who logs in here, and what has become of those who did?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from directory.ldap.access import Access
from directory.ldap.conversation import Conversation
from directory.ldap.entries import Found
from directory.ldap.patience import in_time


def log_in(access: Access, name: str, password: str) -> Found:
    """Whose name and password these are. A `DirectoryFault` if nobody's, or if the directory cannot say."""
    return in_time(partial(_log_in, access, name, password), access.timeout)


def _log_in(access: Access, name: str, password: str) -> Found:
    with conversation(access) as directory:
        directory.introduce(name, password)
        entry = directory.find(name)
        directory.prove(entry, password)
        return directory.look_for_groups(entry)


@contextmanager
def conversation(access: Access, *, seconds: float | None = None) -> Iterator[Conversation]:
    """With a directory that has shown that it is the right one."""
    talking = Conversation(access, seconds=seconds)
    try:
        talking.secure()
        yield talking
    finally:
        talking.end()
