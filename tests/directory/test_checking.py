"""The page and the command that show the way of one person into the panel."""

from __future__ import annotations

import io

import pytest
from django.conf import settings as current
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from directory import labels
from directory.checking import CheckStep
from directory.ldap.access import Access
from directory.ldap.problems import Problem
from directory.models import Person
from directory.roles import Role
from tests.directory.conftest import LogIn
from tests.directory.running import PASSWORD, RunningSlapd, dn_of, group_dn
from tests.web.conftest import browser_of

PAGE = "/people/directory/"


@pytest.fixture
def administrator(db: None) -> Client:
    return browser_of(Person.objects.create_user("root", is_administrator=True))


def told(name: str) -> str:
    out = io.StringIO()
    try:
        call_command("check_directory", name, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def test_every_step_problem_and_role_has_words():
    assert set(labels.CHECK_STEP) == set(CheckStep)
    assert set(labels.PROBLEM) == set(Problem)
    assert set(labels.ROLE) == set(Role)


def test_without_a_directory_the_page_says_so(administrator: Client):
    assert current.DIRECTORY is None
    assert b"PANEL_LDAP_URI" in administrator.get(PAGE).content
    assert "PANEL_LDAP_URI" in told("anna")


def test_only_administrators_see_it(otto: Person):
    assert browser_of(otto).get(PAGE).status_code == 403
    assert browser_of(otto).post(PAGE, {"name": "anna"}).status_code == 403


@pytest.mark.live
def test_each_step_is_shown(panel: LogIn, administrator: Client, monkeypatch: pytest.MonkeyPatch):
    page = administrator.post(PAGE, {"name": "otto", "password": PASSWORD}).content.decode()
    monkeypatch.setenv("PERSON_PASSWORD", PASSWORD)
    for text in (page, told("otto")):
        for found in ("TLSv1", dn_of("otto"), "otto@example.org", group_dn("operators"), "Operator"):
            assert found in text
    assert page.count('class="step--done"') == len(CheckStep)
    assert "This person can log in." in page
    assert PASSWORD not in page
    assert not Person.objects.filter(username="otto").exists()


@pytest.mark.live
def test_what_is_wrong_is_said_in_words(panel: LogIn, slapd: RunningSlapd, administrator: Client):
    Person.objects.create_user("uwe")
    wrongs = {
        "nobody": Problem.NOT_FOUND,
        "vera": Problem.NO_ROLE,
        "uwe": Problem.LOCAL_ACCOUNT,
    }
    for name, problem in wrongs.items():
        assert str(labels.PROBLEM[problem]) in told(name)
    page = administrator.post(PAGE, {"name": "otto", "password": "wrong"}).content.decode()
    assert str(labels.PROBLEM[Problem.WRONG_PASSWORD]) in page
    assert "Invalid credentials" in page


def test_a_name_is_needed(administrator: Client, settings: Settings):
    settings.DIRECTORY = Access("ldapi://%2Fnonexistent", "dc=example")
    assert administrator.post(PAGE, {"name": " "}).status_code == 422
