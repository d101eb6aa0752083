from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from directory.ldap.access import Access, Groups
from directory.ldap.names import dn_key
from directory.roles import Role
from tests.directory.running import (
    GROUPS,
    NAMED,
    PASSWORD,
    PEOPLE,
    SERVICE,
    SERVICE_PASSWORD,
    RunningSlapd,
    dn_of,
    group,
    group_dn,
    make_certificates,
    person,
    running,
)

EVERYBODY = ("anna", "otto", "ada", "uwe", "vera", "mia")
ENTRIES = {
    **{dn_of(name): person(name) for name in EVERYBODY},
    group_dn("administrators"): group("administrators", dn_of("anna")),
    group_dn("operators"): group("operators", dn_of("otto"), dn_of("anna")),
    group_dn("auditors"): group("auditors", dn_of("ada")),
    group_dn("users"): group("users", *(dn_of(name) for name in EVERYBODY if name != "vera")),
}
ROLES = {
    Role.ADMINISTRATOR: frozenset({dn_key(group_dn("administrators"))}),
    Role.OPERATOR: frozenset({dn_key(group_dn("operators"))}),
    Role.AUDITOR: frozenset({dn_key(group_dn("auditors"))}),
    Role.USER: frozenset({dn_key(group_dn("users"))}),
}

TIMEOUT = 5

LogIn = Callable[..., Client | None]


@pytest.fixture(autouse=True)
def _nothing_is_remembered_of_other_tests() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def slapd(tmp_path: Path, certificates: Path) -> Iterator[RunningSlapd]:
    with running(tmp_path, certificates, ENTRIES) as one:
        yield one


@pytest.fixture
def silence() -> Iterator[int]:
    """A port where somebody takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield listening.getsockname()[1]


@pytest.fixture
def access(slapd: RunningSlapd) -> Access:
    """By StartTLS, as a service."""
    return access_to(slapd)


def access_to(slapd: RunningSlapd, **more: object) -> Access:
    usual = Access(
        uri=f"ldap://{NAMED}:{slapd.port}",
        people_base=PEOPLE,
        ca=str(slapd.ca),
        bind_dn=SERVICE,
        bind_password=SERVICE_PASSWORD,
        groups=Groups(GROUPS, roles=ROLES),
        timeout=TIMEOUT,
        connect_timeout=2,
    )
    return dataclasses.replace(usual, **more)  # type: ignore[arg-type]  # the names of its fields


@pytest.fixture
def panel(db: None, access: Access, settings: Settings) -> LogIn:
    """The panel in front of this directory. A browser that is logged in, None if it was not let in."""
    settings.DIRECTORY = access
    return log_in


def log_in(name: str, password: str = PASSWORD) -> Client | None:
    browser = Client()
    answer = browser.post("/login/", {"username": name, "password": password})
    return browser if answer.status_code == 302 else None
