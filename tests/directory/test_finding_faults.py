"""Looking for people while the directory is down or slow: those whom the panel knows are there, and nobody waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django.fixtures import Settings

from directory import labels
from directory.finding import find_groups, find_people, group_of, person_of
from directory.health import failed_lately
from directory.ldap.access import Access
from directory.models import DirectoryGroup, Person
from tests.directory.conftest import access_to
from tests.directory.running import RunningSlapd

pytestmark = pytest.mark.live

TIMEOUT, SLACK = 2, 3
Spoil = Callable[[RunningSlapd, Access, int], Access]


def stopped(slapd: RunningSlapd, access: Access, _silence: int) -> Access:
    slapd.stop()
    return access


def frozen(slapd: RunningSlapd, access: Access, _silence: int) -> Access:
    slapd.freeze()
    return access


def silent(_slapd: RunningSlapd, access: Access, silence: int) -> Access:
    return replace(access, uri=f"ldap://127.0.0.1:{silence}")


def service_refused(_slapd: RunningSlapd, access: Access, _silence: int) -> Access:
    return replace(access, bind_password="changed meanwhile")


@pytest.fixture(params=[stopped, frozen, silent, service_refused], ids=lambda spoil: spoil.__name__)
def known(
    request: pytest.FixtureRequest, db: None, slapd: RunningSlapd, settings: Settings, silence: int
) -> Iterator[dict[str, str]]:
    """The keys of those whom the panel knew before the directory was spoilt."""
    settings.DIRECTORY = access_to(slapd, timeout=TIMEOUT)
    Person.objects.create_user("root")
    Group.objects.create(name="own")
    keys = {one.name: one.key for one in find_people("").candidates}
    keys |= {one.name: one.key for one in find_groups("").candidates}
    person_of(keys["otto"])
    assert not failed_lately()
    settings.DIRECTORY = request.param(slapd, settings.DIRECTORY, silence)
    yield keys


def in_time(ask: Callable[[str], Any], text: str) -> Any:
    began = time.monotonic()
    try:
        return ask(text)
    finally:
        assert time.monotonic() - began < TIMEOUT + SLACK


def test_whom_the_panel_knows_is_still_there(known: dict[str, str]):
    people, groups = in_time(find_people, ""), in_time(find_groups, "")
    assert {one.name for one in people.candidates} == {"root", "otto"}
    assert {one.name for one in groups.candidates} == {"own", "users", "operators"}
    assert people.trouble == groups.trouble == str(labels.CANNOT_SEARCH)
    assert not people.more
    assert failed_lately()

    assert person_of(known["root"]).is_local
    assert person_of(known["otto"]) == Person.objects.get(username="otto")
    assert group_of(known["own"]).name == "own"


def test_nobody_new_is_let_in(known: dict[str, str]):
    for ask, key in ((person_of, known["anna"]), (group_of, known["administrators"])):
        with pytest.raises(LookupError, match="cannot say who that is"):
            in_time(ask, key)
    assert set(Person.objects.values_list("username", flat=True)) == {"root", "otto"}
    assert set(DirectoryGroup.objects.values_list("group__name", flat=True)) == {"users", "operators"}
