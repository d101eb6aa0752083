"""A directory that is down, slow, or not the right one: nobody gets in by it, nobody waits longer than was set."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.test import Client
from pytest_django.fixtures import Settings

from directory.checking import CheckStep, check
from directory.ldap.access import Access
from directory.ldap.asking import log_in as ask_to_log_in
from directory.ldap.patience import AT_ONCE
from directory.ldap.problems import DirectoryFault, Problem
from directory.models import Person
from tests.directory.conftest import TIMEOUT, LogIn, access_to
from tests.directory.running import NAMED, NOT_NAMED, PASSWORD, RunningSlapd, free_port, make_authority

pytestmark = pytest.mark.live

SLACK = 3
"""Seconds that a busy machine may add."""

LOCAL_PASSWORD = "local password"
Spoil = Callable[[RunningSlapd, Access, Path], Access]


@pytest.fixture
def chatter() -> Iterator[int]:
    """A port where somebody answers everything with yes, and then says nothing more."""
    yes = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
    held: list[socket.socket] = []

    def answer(listening: socket.socket) -> None:
        while True:
            try:
                held.append(listening.accept()[0])
                held[-1].sendall(yes)
            except OSError:
                return

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def stopped(slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    slapd.stop()
    return access


def frozen(slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    slapd.freeze()
    return access


def of_another_authority(_slapd: RunningSlapd, access: Access, folder: Path) -> Access:
    return replace(access, ca=str(make_authority(folder, "other")))


def of_another_name(slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, uri=f"ldap://{NOT_NAMED}:{slapd.port}")


def of_another_name_by_ldaps(slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, uri=f"ldaps://{NOT_NAMED}:{slapd.tls_port}", starttls=False)


def without_tls(slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, uri=f"ldaps://{NAMED}:{slapd.port}", starttls=False)


def service_refused(_slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, bind_password="changed meanwhile")


def wrong_base(_slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, people_base="ou=nowhere,dc=example,dc=org")


def unknown_host(_slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, uri="ldap://directory.invalid")


def nobody_there(_slapd: RunningSlapd, access: Access, _folder: Path) -> Access:
    return replace(access, uri=f"ldap://127.0.0.1:{free_port()}")


FAULTS: list[tuple[Spoil, CheckStep, set[Problem]]] = [
    (stopped, CheckStep.CONNECT, {Problem.UNREACHABLE}),
    (nobody_there, CheckStep.CONNECT, {Problem.UNREACHABLE}),
    (unknown_host, CheckStep.CONNECT, {Problem.UNREACHABLE, Problem.NO_ANSWER}),
    (frozen, CheckStep.SECURE, {Problem.NO_ANSWER}),
    (without_tls, CheckStep.SECURE, {Problem.NO_TLS, Problem.NO_ANSWER}),
    (of_another_authority, CheckStep.SECURE, {Problem.CERTIFICATE}),
    (of_another_name, CheckStep.SECURE, {Problem.CERTIFICATE}),
    (of_another_name_by_ldaps, CheckStep.SECURE, {Problem.CERTIFICATE}),
    (service_refused, CheckStep.BIND, {Problem.SERVICE_REFUSED}),
    (wrong_base, CheckStep.SEARCH, {Problem.BASE_MISSING}),
]


@pytest.mark.parametrize(("spoil", "step", "problems"), FAULTS, ids=[spoil.__name__ for spoil, _, _ in FAULTS])
def test_nobody_gets_in_and_everybody_is_told(
    panel: LogIn,
    slapd: RunningSlapd,
    settings: Settings,
    tmp_path: Path,
    spoil: Spoil,
    step: CheckStep,
    problems: set[Problem],
):
    Person.objects.create_user("root", LOCAL_PASSWORD, is_administrator=True)
    inside = panel("anna")
    before = Person.objects.values().get(username="anna")
    access = settings.DIRECTORY = spoil(slapd, settings.DIRECTORY, tmp_path)

    began = time.monotonic()
    answer = Client().post("/login/", {"username": "anna", "password": PASSWORD})
    assert time.monotonic() - began < TIMEOUT + SLACK
    assert answer.status_code == 200
    assert b"cannot be asked at the moment" in answer.content
    assert b"cannot be asked at the moment" in Client().post("/login/", {"username": "root", "password": "x"}).content

    assert Person.objects.values().get(username="anna") == before
    assert inside and inside.get("/people/directory/").status_code == 200
    assert panel("root", LOCAL_PASSWORD)

    began = time.monotonic()
    last = check(access, "anna")[-1]
    assert time.monotonic() - began < TIMEOUT + SLACK
    assert last.step is step
    assert last.problem in problems


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_says_nothing_is_given_up(access: Access, silence: int, chatter: int, scheme: str):
    for port in (silence, chatter):
        other = replace(access, uri=f"{scheme}://127.0.0.1:{port}", starttls=scheme == "ldap", timeout=2)
        began = time.monotonic()
        with pytest.raises(DirectoryFault) as given_up:
            ask_to_log_in(other, "anna", PASSWORD)
        assert time.monotonic() - began < 2 + SLACK
        assert given_up.value.problem in {Problem.NO_ANSWER, Problem.NO_TLS}


def test_a_slow_directory_takes_not_all_threads_of_the_panel(access: Access, silence: int):
    other = replace(access, uri=f"ldap://127.0.0.1:{silence}", timeout=2)

    def problem(_number: int) -> Problem:
        with pytest.raises(DirectoryFault) as fault:
            ask_to_log_in(other, "anna", PASSWORD)
        return fault.value.problem

    with ThreadPoolExecutor(AT_ONCE * 2) as many:
        problems = list(many.map(problem, range(AT_ONCE * 2)))
    assert set(problems) == {Problem.NO_ANSWER, Problem.BUSY}
    assert problems.count(Problem.NO_ANSWER) >= AT_ONCE
    assert problem(0) is Problem.NO_ANSWER


def test_it_works_again_when_the_directory_is_back(panel: LogIn, slapd: RunningSlapd):
    slapd.freeze()
    assert not panel("anna")
    slapd.thaw()
    assert panel("anna")
    assert b"cannot be asked" not in Client().post("/login/", {"username": "anna", "password": "x"}).content


def test_without_tls_no_password_is_accepted_by_this_directory(slapd: RunningSlapd, access: Access):
    plain = access_to(slapd, starttls=False)
    with pytest.raises(DirectoryFault):
        ask_to_log_in(plain, "anna", PASSWORD)


def test_a_local_login_never_waits_for_the_directory(panel: LogIn, settings: Settings, access: Access, silence: int):
    Person.objects.create_user("root", LOCAL_PASSWORD)
    settings.DIRECTORY = replace(access, uri=f"ldap://127.0.0.1:{silence}")
    began = time.monotonic()
    assert panel("root", LOCAL_PASSWORD)
    assert time.monotonic() - began < SLACK


def test_to_be_refused_takes_as_long_for_every_name(panel: LogIn, settings: Settings, access: Access, silence: int):
    assert panel("anna")
    Person.objects.create_user("root", LOCAL_PASSWORD)
    settings.DIRECTORY = replace(access, uri=f"ldap://127.0.0.1:{silence}", timeout=2)
    for name in ("root", "anna", "nobody"):
        began = time.monotonic()
        assert not panel(name, "wrong")
        assert 2 <= time.monotonic() - began < 2 + SLACK


def test_passwords_of_local_accounts_are_not_guessed_while_the_directory_is_down(panel: LogIn, slapd: RunningSlapd):
    Person.objects.create_user("root", LOCAL_PASSWORD)
    slapd.stop()
    assert not panel("root", "wrong") and not panel("anna", PASSWORD)
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["root"]
