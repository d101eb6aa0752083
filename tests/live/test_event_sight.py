"""What of all that is announced each person hears: an event stream driven by hand, without a broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import AsyncMock

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import Group

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.live import event_stream
from vms.live.event_stream import EventStream
from vms.live.listener import Message
from vms.live.sight import Ear, LoggedOut, sight_of
from vms.models import Grant, Vm
from vms.rules.rights import Right

pytestmark = pytest.mark.django_db(transaction=True)


def session_of(person: Person) -> str:
    return str(browser_of(person).session.session_key)


def ear_of(person: Person) -> Ear:
    session = session_of(person)
    sight = async_to_sync(sight_of)(session)
    assert sight is not None
    return Ear(session, sight)


def told(*subjects: tuple[str, str]) -> Message:
    return Message("1-1", json.dumps({"changed": subjects}))


def hears(ear: Ear, *subjects: tuple[str, str]) -> list[list[str]] | str:
    """What it hears of it: "" for nothing, "resync" if it has to look at everything anew."""
    heard = async_to_sync(ear.hear)(told(*subjects))
    if heard is None:
        return ""
    return "resync" if heard.resync else json.loads(heard.text)["changed"]


def about(vm: Vm) -> tuple[str, str]:
    return ("vm", str(vm.pk))


@contextmanager
def given(vm: Vm, person: Person, right: Right = Right.USE) -> Iterator[Grant]:
    grant = Grant.objects.create(vm=vm, person=person, right=right)
    yield grant
    grant.delete()


def test_whoever_sees_every_machine_hears_everything(otto: Person, vm: Vm) -> None:
    everything = [about(vm), ("node", "1"), ("operation", "2"), ("counts", ""), ("rights", str(vm.pk))]
    assert hears(ear_of(otto), *everything) == [list(subject) for subject in everything]


def test_others_hear_of_their_machines_and_of_what_is_done_with_them(nobody: Person, add_vm: AddVm) -> None:
    mine, theirs = add_vm("mine"), add_vm("theirs")
    with given(mine, nobody):
        ear = ear_of(nobody)
    assert hears(ear, about(theirs)) == ""
    assert hears(ear, about(mine), about(theirs), ("node", "1")) == [list(about(mine))]
    assert hears(ear, about(mine), ("operation", "2"), ("backup", "5"), ("counts", "")) == [
        *(list(about(mine)), ["operation", "2"], ["backup", "5"], ["counts", ""])
    ]
    told_with_machines = (("operation", "3"), ("counts", ""), ("bulk", "1"), ("backup", "1"))
    for foreign in (*told_with_machines, ("node", "1"), ("image", "1"), ("contact", "1")):
        assert hears(ear, foreign) == hears(ear, about(theirs), foreign) == ""


def test_a_right_that_is_given_or_taken_makes_the_page_look_anew(nobody: Person, vm: Vm) -> None:
    ear, rights = ear_of(nobody), (("rights", str(vm.pk)), about(vm), ("counts", ""))
    assert hears(ear, about(vm)) == ""
    with given(vm, nobody) as grant:
        assert hears(ear, *rights) == "resync"
        assert hears(ear, about(vm)) == [list(about(vm))]
        Grant.objects.filter(pk=grant.pk).update(right=Right.OPERATE)
        assert hears(ear, *rights) == "resync"
        assert hears(ear, *rights) == [list(about(vm)), ["counts", ""]]
    assert hears(ear, *rights) == "resync"
    assert hears(ear, about(vm)) == ""


def test_rights_of_others_are_nobody_elses_business(nobody: Person, anna: Person, vm: Vm) -> None:
    ear = ear_of(nobody)
    with given(vm, anna):
        assert hears(ear, ("rights", str(vm.pk)), about(vm), ("counts", "")) == ""


def test_a_group_counts_as_soon_as_somebody_is_in_it(nobody: Person, vm: Vm) -> None:
    group = Group.objects.create(name="developers")
    Grant.objects.create(vm=vm, group=group)
    ear = ear_of(nobody)
    nobody.groups.add(group)
    assert hears(ear, ("people", "")) == "resync"
    assert hears(ear, about(vm)) == [list(about(vm))]
    nobody.groups.clear()
    assert hears(ear, ("people", "")) == "resync"
    assert hears(ear, about(vm)) == ""


def test_whoever_is_blocked_hears_nothing_more(otto: Person, vm: Vm) -> None:
    ear = ear_of(otto)
    Person.objects.filter(pk=otto.pk).update(is_active=False)
    with pytest.raises(LoggedOut):
        hears(ear, ("people", ""))
    assert async_to_sync(sight_of)(session_of(otto)) is None


def test_whoever_loses_a_role_sees_less_at_the_next_look(otto: Person, vm: Vm) -> None:
    ear = ear_of(otto)
    otto.user_permissions.clear()
    heard = async_to_sync(ear.look_again)()
    assert heard is not None and heard.resync and heard.id == ""
    assert hears(ear, about(vm)) == ""
    assert async_to_sync(ear.look_again)() is None


def test_what_was_given_between_the_page_and_its_stream_is_not_missed(nobody: Person, otto: Person, vm: Vm) -> None:
    """Nobody knows what the page was made with."""
    rights = told(("rights", str(vm.pk)), about(vm))
    for_nobody, for_otto = ear_of(nobody).missed(rights), ear_of(otto).missed(rights)
    assert for_nobody is not None and for_nobody.resync
    assert for_otto == rights
    assert ear_of(nobody).missed(told(about(vm))) is None
    everything = Message("1-1", resync=True)
    assert ear_of(nobody).missed(everything) == everything


async def stream_of(session: str, *told: Message) -> list[str]:
    """What an open stream sends, without its signs of life; it ends with the last of what is told, or before."""
    stream, sent, over = EventStream("redis://127.0.0.1:1/0"), [], asyncio.Event()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode()
    scope = {"method": "GET", "headers": [(b"cookie", cookie)], "query_string": b"last=1-1"}

    async def send(part: MutableMapping[str, Any]) -> None:
        sent.append(str(part.get("status", "")) + part.get("body", b"").decode())

    async def receive() -> dict[str, str]:
        await over.wait()
        return {"type": "http.disconnect"}

    stream.listener.since = nothing_missed  # type: ignore[method-assign, assignment]  # there is no broker to ask
    open_stream = asyncio.create_task(stream(scope, receive, send))
    async with asyncio.timeout(10):
        while not (sent or open_stream.done()):
            await asyncio.sleep(0.01)
        for message in told:
            stream.listener._hand_out(message)
        await asyncio.sleep(0.3)
    ended_by_itself = open_stream.done()
    over.set()
    await open_stream
    stream.listener.close()
    lines = [part for part in sent if part and not part.startswith(("event: tick", "retry"))]
    return [*lines, "ended"] if ended_by_itself else lines


async def nothing_missed(_last: str) -> list[Message]:
    return []


def test_an_open_stream_says_only_what_may_be_heard(nobody: Person, add_vm: AddVm) -> None:
    mine, theirs = add_vm("mine"), add_vm("theirs")
    with given(mine, nobody):
        lines = async_to_sync(stream_of)(session_of(nobody), told(about(theirs)), told(about(mine), ("node", "1")))
    assert lines == ["200", f'id: 1-1\ndata: {{"changed": [["vm", "{mine.pk}"]]}}\n\n']


def test_an_open_stream_ends_at_once_for_who_is_blocked(otto: Person, vm: Vm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sight is taken while the person may still log in; then comes the word that people have changed."""
    session = session_of(otto)
    sight = async_to_sync(sight_of)(session)
    monkeypatch.setattr(event_stream, "sight_of", AsyncMock(return_value=sight))
    assert async_to_sync(stream_of)(session, told(("people", "")))[-1] != "ended"
    Person.objects.filter(pk=otto.pk).update(is_active=False)
    assert async_to_sync(stream_of)(session, told(("people", "")), told(about(vm))) == ["200", "ended"]
    monkeypatch.undo()
    assert async_to_sync(stream_of)(session) == ["403", "ended"]


def test_a_stranger_hears_nothing(db: None) -> None:
    assert async_to_sync(sight_of)("") is None
    assert async_to_sync(sight_of)("no-such-session") is None
