"""What all tests start from: people with and without rights, a fake node, machines on it. Nothing here is a mock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import Permission
from django.db import connections
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

from directory.models import Person
from stoney_panel.celery import app
from tests.choosing import pytest_collection_modifyitems
from vms.hypervisor import fake
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Vm
from vms.operations import leasing
from vms.operations.settling import settle
from vms.rules.following import first_wish
from vms.rules.power import Power, PowerReason

__all__ = ["pytest_collection_modifyitems"]

hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None, max_examples=200)
hypothesis.settings.load_profile("house")

OPERATOR = ("view_every_vm", "operate_vm", "view_node")
MANAGER = (*OPERATOR, "use_vm", "create_vm", "manage_vm", "give_vm")

AddVm = Callable[..., Vm]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in real life: threads then wait for each other, which they do not do in memory."""
    settings = connections["default"].settings_dict
    if settings["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        settings["TEST"]["NAME"] = str(folder / "tests.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Between tests every table is emptied, which the audit trail of SQLite would not let happen."""
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        if connections["default"].vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS audit_keeps_lines")
    yield
    # PostgreSQL removes no database in which somebody is.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result(10)


@pytest.fixture(scope="session", autouse=True)
def _no_heart_beats_into_other_tests() -> None:
    """The tests of the lease's heartbeat have a heart of their own."""
    leasing.HEARTBEAT_SECONDS = 3600.0


@pytest.fixture(autouse=True)
def _every_test_begins_in_english() -> Iterator[None]:
    """A page leaves its reader's language behind in the thread that made it."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _no_nodes_are_left() -> Iterator[None]:
    yield
    fake.forget_nodes()


@pytest.fixture
def every_bell_is_heard_at_once() -> Iterator[None]:
    """Celery without a broker: what is sent is carried out in the sending thread."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def person_with(rights: tuple[str, ...], name: str) -> Person:
    person = Person.objects.create_user(name)
    person.user_permissions.add(*Permission.objects.filter(content_type__app_label="vms", codename__in=rights))
    return person


@pytest.fixture
def anna(db: None) -> Person:
    """May do everything with machines."""
    return person_with(MANAGER, "anna")


@pytest.fixture
def berta(db: None) -> Person:
    """Another one who may."""
    return person_with(MANAGER, "berta")


@pytest.fixture
def otto(db: None) -> Person:
    """May start and stop machines, and no more."""
    return person_with(OPERATOR, "otto")


@pytest.fixture
def nobody(db: None) -> Person:
    """May log in, and no more."""
    return person_with((), "nobody")


@pytest.fixture
def alpha() -> FakeNode:
    return fake.add_node("fake://alpha")


@pytest.fixture
def beta() -> FakeNode:
    return fake.add_node("fake://beta")


@pytest.fixture
def node(db: None, alpha: FakeNode) -> Node:
    """The fake node alpha as the panel knows it: in good contact."""
    return row_of(alpha, "alpha")


@pytest.fixture
def second_node(db: None, beta: FakeNode) -> Node:
    return row_of(beta, "beta")


def row_of(there: FakeNode, name: str) -> Node:
    now = timezone.now()
    return Node.objects.create(name=name, uri=there.uri, reachable=True, contact_since=now, last_contact_at=now)


@pytest.fixture
def add_vm(node: Node, alpha: FakeNode) -> AddVm:
    """Makes a machine on the node and its row, as if the watcher had seen it."""

    def add(name: str = "web1", power: Power = Power.OFF, reason: PowerReason = PowerReason.NONE, **fields: Any) -> Vm:
        machine = alpha.add(name, power)
        machine.reason = reason
        fields = {"display_name": name, "wanted": first_wish(power, reason), **fields}
        vm = Vm.objects.create(uuid=machine.uuid, name=name, node=node, power=power, power_reason=reason, **fields)
        settle(vm.uuid)
        vm.refresh_from_db()
        return vm

    return add


@pytest.fixture
def vm(add_vm: AddVm) -> Vm:
    """A machine that is off."""
    return add_vm()


@pytest.fixture
def running_vm(add_vm: AddVm) -> Vm:
    return add_vm("web1", Power.RUNNING)
