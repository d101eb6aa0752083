from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from directory.roles import Role
from vms.operations import reaching


@pytest.fixture(autouse=True)
def _no_broker_is_there(settings: Settings, tmp_path: object) -> None:
    """Its socket does not exist: a page must not need it, nor wait for it."""
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/no-redis.sock"


@pytest.fixture
def no_hypervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reaches for a node meets this."""

    def refuse() -> None:
        raise AssertionError("a page reached for a node")

    monkeypatch.setattr(reaching, "driver", refuse)


@pytest.fixture
def administrator(db: None) -> Person:
    return Person.objects.create_user("ada", is_administrator=True)


@pytest.fixture
def auditor(db: None) -> Person:
    person = Person.objects.create_user("eva", "a long password")
    person.take_role(Role.AUDITOR)
    person.save()
    return person


def browser_of(person: Person | None, *, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    if person is not None:
        client.force_login(person)
    return client
