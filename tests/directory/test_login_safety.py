"""Guessing passwords: counted, stopped before anybody is asked, told to everybody alike, undone by administrators."""

from __future__ import annotations

import datetime
import logging

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from directory import locking
from directory.models import Person
from tests.directory.conftest import LogIn
from tests.directory.running import PASSWORD, RunningSlapd

TRIES, MANY = 5, 20
GOOD, BAD = "a good password", "a wrong password"
SOON = datetime.timedelta(minutes=14)
LATER = datetime.timedelta(minutes=16)
NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def lena(db: None) -> Person:
    return Person.objects.create_user("lena", GOOD, is_administrator=True)


def attempt(name: str, password: str, *, address: str = "192.0.2.1", browser: str = "Firefox/140") -> int:
    answer = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=browser).post(
        "/login/", {"username": name, "password": password}
    )
    return answer.status_code


def guess(name: str, times: int, **more: str) -> list[int]:
    return [attempt(name, BAD, **more) for _ in range(times)]


def test_after_some_tries_even_the_right_password_has_to_wait(lena: Person):
    assert guess("lena", TRIES) == [200] * (TRIES - 1) + [429]
    assert attempt("lena", GOOD) == 429
    assert attempt("lena", GOOD, address="192.0.2.2") == 302


def test_a_name_is_one_name_however_it_is_written_and_whatever_the_browser_says(lena: Person):
    for number, name in enumerate(["lena", "LENA", " Lena ", "ｌｅｎａ", "lenA"]):
        attempt(name, BAD, browser=f"Browser/{number}")
    assert attempt("lena", GOOD) == 429


def test_a_password_that_is_right_makes_the_tries_before_it_forgotten(lena: Person):
    guess("lena", TRIES - 1)
    assert attempt("lena", GOOD) == 302
    assert guess("lena", TRIES - 1) == [200] * (TRIES - 1)


def test_a_lock_opens_by_itself_although_somebody_goes_on_trying(lena: Person):
    with time_machine.travel(NOW, tick=False) as clock:
        guess("lena", TRIES)
        clock.shift(SOON)
        assert guess("lena", 3) == [429] * 3
        clock.shift(LATER - SOON)
        assert attempt("lena", GOOD) == 302


def test_one_address_cannot_try_one_password_on_everybody(lena: Person):
    answers = [attempt(f"somebody{number}", BAD) for number in range(MANY)]
    assert answers == [200] * (MANY - 1) + [429]
    assert attempt("lena", GOOD) == 429
    assert attempt("lena", GOOD, address="192.0.2.2") == 302


def test_an_address_of_ipv6_is_all_that_one_subscriber_has(lena: Person):
    for number in range(TRIES):
        attempt("lena", BAD, address=f"2001:db8:1:2::{number + 1}")
    assert attempt("lena", GOOD, address="2001:db8:1:2:ffff::1") == 429
    assert attempt("lena", GOOD, address="2001:db8:1:3::1") == 302


def test_many_addresses_cannot_try_many_passwords_on_one_name(lena: Person):
    answers = [attempt("lena", BAD, address=f"198.51.100.{number}") for number in range(MANY)]
    assert answers == [200] * (MANY - 1) + [429]
    assert attempt("lena", GOOD, address="192.0.2.9") == 429


def test_strangers_lock_nobody_out_where_they_have_logged_in_before(lena: Person):
    assert attempt("lena", GOOD) == 302
    for number in range(MANY):
        attempt("lena", BAD, address=f"198.51.100.{number}")
    assert attempt("lena", GOOD) == 302
    assert attempt("lena", GOOD, address="192.0.2.9") == 429


@pytest.mark.broad
def test_a_login_of_ones_own_does_not_make_guesses_at_others_forgotten(lena: Person):
    Person.objects.create_user("mallory", GOOD)
    for number in range(MANY):
        attempt(f"somebody{number % 7}", BAD)
        attempt("mallory", GOOD)
    assert attempt("mallory", GOOD) == 429


def test_a_name_that_nobody_has_is_answered_like_any_other(lena: Person):
    known, unknown = Client(), Client()
    for _ in range(TRIES + 2):
        of_known = known.post("/login/", {"username": "lena", "password": BAD})
        of_unknown = unknown.post("/login/", {"username": "lona", "password": BAD})
        assert of_known.status_code == of_unknown.status_code
        assert said(of_known.content.decode()) == said(of_unknown.content.decode())


def said(page: str) -> str:
    return page.partition('role="alert"')[2].partition("</div>\n")[0]


def test_the_message_says_how_long_and_who_can_help(lena: Person):
    guess("lena", TRIES)
    answer = Client(REMOTE_ADDR="192.0.2.1").post("/login/", {"username": "lena", "password": GOOD})
    assert "Try again in 15 minutes, or ask an administrator" in answer.content.decode()
    assert answer.headers["Retry-After"] == "900"


def test_a_blocked_person_is_told_nothing_else(lena: Person):
    Person.objects.create_user("bert", GOOD)
    Person.objects.filter(username="bert").update(is_active=False)
    right = Client().post("/login/", {"username": "bert", "password": GOOD})
    wrong = Client().post("/login/", {"username": "nobody", "password": BAD})
    assert said(right.content.decode()) == said(wrong.content.decode()) != ""


def test_no_password_is_written_down_or_logged(lena: Person, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    guess("lena", TRIES + 1)
    kept = " ".join(str(vars(attempt)) for attempt in AccessAttempt.objects.all())
    assert "lena" in kept
    assert BAD not in kept and BAD not in caplog.text and BAD.replace(" ", "+") not in kept


def test_odd_names_and_addresses_do_no_harm(db: None):
    for name in ("a" * 5000, "n\0ul", "ﷺ" * 150, "'; DROP TABLE", "٣"):
        assert attempt(name, BAD) in {200, 429}
    assert attempt("lena", BAD, address="") == 200
    assert attempt("lena", BAD, address="not-an-address") == 200


def test_a_visitor_leaves_no_session_behind(db: None):
    visitor = Client()
    visitor.get("/login/")
    visitor.post("/login/", {"username": "lena", "password": BAD})
    visitor.get("/vms/")
    visitor.post("/logout/")
    assert Session.objects.count() == 0


def test_a_session_gets_a_new_key_at_login(lena: Person):
    """Whoever slipped somebody a key does not share their session."""
    browser = Client()
    planted = browser.session
    planted["slipped"] = "in"
    planted.save()
    browser.cookies["panel"] = str(planted.session_key)
    browser.post("/login/", {"username": "lena", "password": GOOD})
    assert browser.cookies["panel"].value != planted.session_key
    assert SESSION_KEY not in Client(cookies={"panel": planted.session_key}).session


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "/\\example.org"]
)
def test_a_login_leads_to_no_other_site(lena: Person, elsewhere: str):
    answer = Client().post("/login/", {"username": "lena", "password": GOOD, "next": elsewhere})
    assert answer.headers["Location"] == "/vms/"


def test_guessing_the_old_password_is_counted_too(lena: Person):
    browser = Client(REMOTE_ADDR="192.0.2.1")
    browser.force_login(lena, "django.contrib.auth.backends.ModelBackend")
    form = {"old_password": BAD, "new_password1": "another good one", "new_password2": "another good one"}
    answers = [browser.post("/account/password/", form) for _ in range(TRIES)]
    assert [answer.status_code for answer in answers] == [422] * (TRIES - 1) + [429]
    assert "Too many attempts" in browser.post("/account/password/", form | {"old_password": GOOD}).content.decode()
    lena.refresh_from_db()
    assert lena.check_password(GOOD)


def test_an_administrator_sees_what_is_locked_and_unlocks_it(lena: Person):
    admin = Client()
    admin.force_login(lena, "django.contrib.auth.backends.ModelBackend")
    assert "Nothing is locked" in admin.get("/people/locked/").content.decode()
    guess("bert", TRIES)
    page = admin.get("/people/locked/").content.decode()
    assert "bert" in page and "192.0.2.1" in page
    admin.post("/people/locked/", {"name": "bert", "address": "192.0.2.1"})
    assert locking.shut_locks() == []
    assert attempt("bert", BAD) == 200


@pytest.mark.parametrize(
    "form", [{}, {"name": "", "address": ""}, {"name": "n\0ul", "address": "x"}, {"address": "1.2.3.4'"}]
)
def test_what_is_not_locked_cannot_be_unlocked(lena: Person, form: dict[str, str]):
    admin = Client()
    admin.force_login(lena, "django.contrib.auth.backends.ModelBackend")
    guess("bert", TRIES)
    assert admin.post("/people/locked/", form).status_code == 302
    assert len(locking.shut_locks()) == 1


def test_only_administrators_see_what_is_locked(nobody: Person, client: Client):
    client.force_login(nobody, "django.contrib.auth.backends.ModelBackend")
    guess("bert", TRIES)
    assert client.get("/people/locked/").status_code == 403
    assert client.post("/people/locked/", {"name": "bert", "address": ""}).status_code == 403
    assert locking.shut_locks()


@pytest.mark.parametrize("what", ["lena", "LENA", "192.0.2.1"])
def test_who_is_at_the_machine_can_always_let_somebody_in(lena: Person, what: str):
    guess("lena", TRIES)
    call_command("unlock_person", what)
    assert attempt("lena", GOOD) == 302


def test_the_limits_are_the_settings(lena: Person, settings: Settings):
    settings.LOGIN_TRIES = settings.AXES_FAILURE_LIMIT = 3
    assert guess("lena", 3) == [200, 200, 429]


def test_old_logins_are_forgotten(lena: Person):
    with time_machine.travel(NOW, tick=False) as clock:
        attempt("lena", GOOD)
        clock.shift(locking.AN_ADDRESS_IS_KNOWN_FOR + LATER)
        locking.forget_old_logins()
        for number in range(MANY):
            attempt("lena", BAD, address=f"198.51.100.{number}")
        assert attempt("lena", GOOD) == 429


@pytest.mark.live
def test_the_directory_is_not_asked_about_somebody_who_is_locked_out(panel: LogIn, slapd: RunningSlapd):
    assert guess("otto", TRIES) == [200] * (TRIES - 1) + [429]
    slapd.freeze()
    began = datetime.datetime.now(datetime.UTC)
    assert attempt("otto", PASSWORD) == 429
    assert datetime.datetime.now(datetime.UTC) - began < datetime.timedelta(seconds=2)
    slapd.thaw()
    assert attempt("otto", PASSWORD, address="192.0.2.2") == 302
    locking.open_for("otto")
    assert attempt("otto", PASSWORD) == 302


@pytest.mark.live
def test_a_directory_that_is_away_locks_nobody_out(panel: LogIn, slapd: RunningSlapd):
    slapd.stop()
    assert [attempt("otto", PASSWORD) for _ in range(TRIES + 1)] == [200] * (TRIES + 1)
    slapd.start()
    assert attempt("otto", PASSWORD) == 302
