"""Who listens, and what of all that is announced they may hear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from vms.live.listener import Message, subjects_of
from vms.live.logins import person_of
from vms.models import Grant, VmPool
from vms.models.grant import MACHINE
from vms.models.viewer import Viewer
from vms.operations.announcing import Subject
from vms.operations.permission import actions_everywhere, sees_every_vm
from vms.rules.actions import Action

PEOPLE, PERSON, RIGHTS = "people", "person", "rights"
"""Kinds of announcements after which somebody may hear more, or less."""

VM, POOL = "vm", "pool"
"""What people are given."""

TOLD_WITH_THEIR_MACHINE = frozenset({"operation", "bulk", "counts", "backup"})
"""What is announced together with the machine that it is about."""


class LoggedOut(Exception):
    """Nobody is there any more who may hear anything."""


@dataclass(frozen=True, slots=True)
class Sight:
    """person: the id of whose it is. everywhere: what may be done on every machine. given: the machines and the pools
    that may be seen, the machines by which rights; None for whoever sees them all. It holds machines that are not there
    now, too: they may come back."""

    person: str
    everywhere: frozenset[Action]
    given: Mapping[Subject, frozenset[str]] | None

    def of(self, message: Message) -> Message | None:
        """What of it may be heard, None if nothing."""
        if self.given is None or message.resync:
            return message
        heard = _heard(message.text, self.given)
        return Message(message.id, json.dumps({"changed": heard})) if heard else None

    def may_change_by(self, message: Message) -> bool:
        subjects = subjects_of(message.text)
        kinds = {kind for kind, _id in subjects}
        return PEOPLE in kinds or (self.given is not None and (RIGHTS in kinds or (PERSON, self.person) in subjects))


class Ear:
    """One browser's. The right to hear something may come and go while it listens."""

    def __init__(self, session_key: str, sight: Sight) -> None:
        self._session_key = session_key
        self._sight = sight

    def missed(self, message: Message) -> Message | None:
        """What may be heard of something announced before the sight was taken, but after the page was made."""
        if self._sight.given is not None and self._sight.may_change_by(message):
            return Message(message.id, resync=True)
        return self._sight.of(message)

    async def hear(self, message: Message) -> Message | None:
        """What may be heard of it; a resync if it changed what that is. LoggedOut."""
        if not self._sight.may_change_by(message):
            return self._sight.of(message)
        return await self.look_again(message.id) or self._sight.of(message)

    async def look_again(self, message_id: str = "") -> Message | None:
        """A resync if what may be heard has changed. LoggedOut."""
        before, after = self._sight, await sight_of(self._session_key)
        if after is None:
            raise LoggedOut
        self._sight = after
        return None if before == after else Message(message_id, resync=True)


def _heard(text: str, given: Mapping[Subject, frozenset[str]]) -> list[Subject]:
    """Of a pool alone nothing more is told: what is done with its machines may be done with those of others."""
    subjects = subjects_of(text)
    seen = [subject for subject in subjects if subject in given]
    if not any(kind == VM for kind, _id in seen):
        return seen
    return [*seen, *(each for each in subjects if each[0] in TOLD_WITH_THEIR_MACHINE)]


@sync_to_async
def sight_of(session_key: str) -> Sight | None:
    """None if nobody is logged in."""
    try:
        person = person_of(session_key)
        return _sight(person) if person else None
    finally:
        close_old_connections()


def _sight(person: Viewer) -> Sight:
    if sees_every_vm(person):
        return Sight(str(person.pk), actions_everywhere(person), None)
    given: dict[Subject, frozenset[str]] = {
        (POOL, str(pool)): frozenset() for pool in VmPool.objects.visible_to(person).values_list("pk", flat=True)
    }
    for vm, right in Grant.objects.counting_for(person).values_list(MACHINE, "right"):
        subject = (VM, str(vm))
        given[subject] = given.get(subject, frozenset()) | {right}
    return Sight(str(person.pk), frozenset(), given)
