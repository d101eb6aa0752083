"""While somebody looks at a dynamic VM it counts as used; a database that is away for a moment ends nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.live.test_console_viewer_file import ask
from tests.live.visiting import House, broker, broker_process, client, here, house, run, until
from tests.operations.opening import add_dynamic, add_pool
from vms.hypervisor.consoles import Screen
from vms.hypervisor.fake import FakeNode
from vms.live import console, console_access
from vms.models import Vm
from vms.rules.consoles import ScreenKind, Way

__all__ = ["broker", "broker_process", "client", "here", "house"]
pytestmark = [pytest.mark.django_db(transaction=True)]


def long_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


@pytest.fixture
def desk(add_vm: AddVm, anna: Person) -> Vm:
    """Anna's, which she has not used for an hour, and was warned about."""
    pool = add_pool(idle_minutes=30)
    return add_dynamic(add_vm, pool, assigned_to=anna, used_at=long_ago(), warned_at=timezone.now())


def noted(vm: Vm) -> bool:
    """And that it was not used is forgotten again."""
    return bool(Vm.objects.filter(pk=vm.pk, used_at__gt=long_ago() + timedelta(minutes=1)).update(used_at=long_ago()))


@pytest.mark.parametrize("way", Way)
def test_it_is_used_when_it_is_opened_now_and_then_and_when_it_is_closed(
    house: House, client: Client, desk: Vm, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "NOTE_LOOK_SECONDS", 0.3)

    async def comes() -> None:
        for _ in range(400):
            if await sync_to_async(noted)(desk):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("nobody noted that it is used")

    async def visit() -> None:
        async with house.visited(client, desk, way):
            for _ in range(3):
                await comes()
            monkeypatch.setattr(console, "NOTE_LOOK_SECONDS", 1000)
            await asyncio.sleep(0.4)
            await sync_to_async(noted)(desk)
        await comes()

    run(visit)
    desk.refresh_from_db()
    assert desk.warned_at is None


def test_it_is_noted_though_the_database_was_away_and_the_screen_stays_open(
    house: House, client: Client, desk: Vm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "NOTE_LOOK_SECONDS", 0.1)
    note_look, looks = console_access.note_look, []

    def away_after_the_first(vm: Vm) -> None:
        looks.append(vm)
        if len(looks) in {2, 3}:
            raise OperationalError("database is locked")
        note_look(vm)

    monkeypatch.setattr(console_access, "note_look", away_after_the_first)

    async def visit() -> None:
        async with house.visited(client, desk) as browser:
            await until(lambda: len(looks) == 1)
            await sync_to_async(noted)(desk)
            await until(lambda: len(looks) > 4, seconds=20)
            assert browser.closed is None

    run(visit)
    assert noted(desk)


def test_of_a_vm_that_stays_nothing_is_noted_while_it_lasts(
    house: House, client: Client, running_vm: Vm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "NOTE_LOOK_SECONDS", 0.05)
    note_look, looks = console_access.note_look, []

    def counted(vm: Vm) -> None:
        looks.append(vm)
        note_look(vm)

    monkeypatch.setattr(console_access, "note_look", counted)

    async def visit() -> None:
        async with house.visited(client, running_vm):
            await until(lambda: looks)
            await asyncio.sleep(0.5)
            assert len(looks) == 1

    run(visit)
    running_vm.refresh_from_db()
    assert running_vm.used_at is None


def test_the_file_for_virt_viewer_counts_once(desk: Vm, anna: Person, alpha: FakeNode) -> None:
    alpha.machines[desk.pk].screen = Screen(ScreenKind.SPICE, "192.0.2.7", 5900, 5901)
    assert ask(anna, desk)[0] == 200
    assert noted(desk)


def test_a_file_that_there_is_not_counts_for_nothing(desk: Vm, anna: Person, alpha: FakeNode) -> None:
    alpha.machines[desk.pk].screen = Screen(ScreenKind.NONE)
    assert ask(anna, desk)[0] == 303
    assert not noted(desk)
