"""What happens in the directory reaches those who are logged in."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from directory.refreshing import refresh_people
from directory.roles import Role
from stoney_panel.celery import app
from stoney_panel.tasks import refresh_people as refresh
from tests.directory.conftest import LogIn, access_to
from tests.directory.running import PEOPLE, RunningSlapd, dn_of, group_dn, person

pytestmark = pytest.mark.live


def is_in(browser: Client | None) -> bool:
    return browser is not None and browser.get("/people/directory/").status_code != 302


def test_a_deleted_person_is_logged_out_and_keeps_nothing(panel: LogIn, slapd: RunningSlapd):
    browser, other = panel("anna"), panel("otto")
    slapd.delete(dn_of("anna"))
    assert not panel("anna")
    refresh_people()
    assert not is_in(browser)
    assert is_in(other)
    anna = Person.objects.get(username="anna")
    assert (anna.role, anna.is_superuser, anna.is_active) == (Role.USER, False, False)
    assert anna.gone_at


def test_who_comes_back_gets_what_the_directory_says_now(panel: LogIn, slapd: RunningSlapd):
    assert panel("anna")
    slapd.change(group_dn("users"), "member", dn_of("uwe"))
    slapd.change(group_dn("administrators"), "member", dn_of("uwe"))
    slapd.change(group_dn("operators"), "member", dn_of("uwe"))
    refresh_people()
    assert not panel("anna")
    slapd.change(group_dn("auditors"), "member", dn_of("anna"))
    assert panel("anna")
    anna = Person.objects.get()
    assert (anna.role, anna.is_active, anna.gone_at) == (Role.AUDITOR, True, None)


def test_a_role_taken_away_is_gone_without_a_new_login(panel: LogIn, slapd: RunningSlapd):
    browser = panel("anna")
    assert browser and browser.get("/people/directory/").status_code == 200
    slapd.change(group_dn("administrators"), "member", dn_of("uwe"))
    refresh_people()
    assert browser.get("/people/directory/").status_code == 403
    assert Person.objects.get().role == Role.OPERATOR


def test_the_clock_has_it_done():
    tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}
    app.loader.import_default_modules()
    assert refresh.name in tasks <= set(app.tasks)


def test_a_renamed_person_is_found_again(panel: LogIn, slapd: RunningSlapd):
    browser = panel("otto")
    slapd.rename(dn_of("otto"), "uid=oskar")
    slapd.change(group_dn("operators"), "member", dn_of("oskar"))
    refresh_people()
    assert is_in(browser)
    assert Person.objects.get().username == "oskar"


def test_a_rename_to_the_name_of_a_local_account_is_refused(panel: LogIn, slapd: RunningSlapd):
    browser = panel("otto")
    Person.objects.create_user("root", "local password", is_administrator=True)
    slapd.rename(dn_of("otto"), "uid=root")
    slapd.change(group_dn("operators"), "member", dn_of("root"))
    refresh_people()
    assert not is_in(browser)
    assert Person.objects.get(username="root").is_local


def test_two_who_exchange_their_names_stay_who_they_are(panel: LogIn, slapd: RunningSlapd):
    assert panel("otto") and panel("uwe")
    otto, uwe = (Person.objects.get(username=name) for name in ("otto", "uwe"))
    slapd.rename(dn_of("otto"), "uid=x")
    slapd.rename(dn_of("uwe"), "uid=otto")
    slapd.rename(f"uid=x,{PEOPLE}", "uid=uwe")
    slapd.change(group_dn("operators"), "member", dn_of("uwe"))
    slapd.change(group_dn("users"), "member", dn_of("otto"))
    refresh_people()
    otto.refresh_from_db()
    uwe.refresh_from_db()
    assert (otto.username, otto.role, uwe.username, uwe.role) == ("uwe", Role.OPERATOR, "otto", Role.USER)


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_directory_that_cannot_be_asked_changes_nothing(panel: LogIn, slapd: RunningSlapd, how: str):
    browser = panel("anna")
    before = Person.objects.values().get()
    getattr(slapd, how)()
    refresh_people()
    assert is_in(browser)
    assert Person.objects.values().get() == before


def test_a_wrong_password_of_the_service_changes_nothing(panel: LogIn, slapd: RunningSlapd, settings: Settings):
    browser = panel("anna")
    settings.DIRECTORY = access_to(slapd, bind_password="changed meanwhile")
    refresh_people()
    assert is_in(browser)


def test_local_accounts_are_not_asked_about(panel: LogIn, slapd: RunningSlapd):
    Person.objects.create_user("uwe", "local password", is_administrator=True)
    assert panel("uwe", "local password")
    slapd.add(f"cn=x,{PEOPLE}", person("someone"))
    refresh_people()
    assert Person.objects.get().role == Role.ADMINISTRATOR
