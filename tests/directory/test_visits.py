"""Where somebody is logged in: seen by them, and ended by them from anywhere."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from directory import visits
from directory.models import Person, Visit
from directory.presenters.visits import browser_in_words
from stoney_panel.tasks import forget_what_has_ended
from vms.live.logins import person_of

PASSWORD = "a good password"
NEW_PASSWORD = "another good one"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def lena(db: None) -> Person:
    return Person.objects.create_user("lena", PASSWORD)


def logged_in(name: str = "lena", *, browser: str = FIREFOX, address: str = "192.0.2.1") -> Client:
    client = Client(HTTP_USER_AGENT=browser, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def key_of(client: Client) -> str:
    return client.cookies["panel"].value


def test_each_login_is_in_the_list_of_whose_it_is(lena: Person):
    here = logged_in()
    logged_in(browser=PHONE, address="2001:db8::7")
    Person.objects.create_user("bert", PASSWORD)
    logged_in("bert", address="198.51.100.1")
    page = here.get("/account/").content.decode()
    assert "Firefox on Windows" in page and "192.0.2.1" in page
    assert "Safari on iPhone" in page and "2001:db8::7" in page
    assert "198.51.100.1" not in page
    assert page.count("this one") == 1


def test_a_session_is_ended_from_another_one_at_once(lena: Person):
    here, there = logged_in(), logged_in(browser=PHONE)
    visit = Visit.objects.get(session_key=key_of(there))
    here.post(f"/account/sessions/{visit.pk}/end/")
    assert is_in(here) and not is_in(there)
    assert person_of(key_of(here)) == lena and person_of(key_of(there)) is None
    assert Visit.objects.count() == 1


def test_all_the_others_are_ended_together(lena: Person):
    here, others = logged_in(), [logged_in() for _ in range(3)]
    here.post("/account/sessions/end-others/")
    assert is_in(here)
    assert not any(is_in(other) for other in others)
    assert Session.objects.count() == 1


def test_nobody_ends_the_session_of_somebody_else(lena: Person):
    Person.objects.create_user("bert", PASSWORD)
    lenas, berts = logged_in(), logged_in("bert")
    visit = Visit.objects.get(session_key=key_of(berts))
    assert lenas.post(f"/account/sessions/{visit.pk}/end/").status_code == 404
    assert is_in(berts)


def test_a_session_is_not_ended_from_itself(lena: Person):
    here = logged_in()
    assert here.post(f"/account/sessions/{Visit.objects.get().pk}/end/").status_code == 403
    assert is_in(here)


def test_logging_out_takes_a_session_off_the_list(lena: Person):
    here = logged_in()
    here.post("/logout/")
    assert not Visit.objects.exists()


def test_somebody_else_in_the_same_browser_begins_a_session_of_their_own(lena: Person):
    Person.objects.create_user("bert", PASSWORD)
    here = logged_in()
    here.force_login(Person.objects.get(username="bert"), "django.contrib.auth.backends.ModelBackend")
    assert Visit.objects.get(session_key=key_of(here)).person.username == "bert"


def test_a_session_was_seen_when_its_last_page_was(lena: Person):
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        here = logged_in()
        for seconds in (30, 40, 10):
            clock.shift(datetime.timedelta(seconds=seconds))
            here.get("/account/")
    seen = Visit.objects.get().seen_at - began
    assert datetime.timedelta(seconds=60) <= seen <= datetime.timedelta(seconds=80)


def test_a_session_from_before_there_was_a_list_gets_into_it(lena: Person):
    here = logged_in()
    Visit.objects.all().delete()
    cache.clear()
    here.get("/account/")
    assert "192.0.2.1" in here.get("/account/").content.decode()


def test_within_a_minute_a_page_writes_nothing(lena: Person, django_assert_num_queries: Any):
    logged_in()
    key = Visit.objects.get().session_key
    cache.clear()
    with django_assert_num_queries(1):
        visits.see(lena, key, address="", browser="")
    with django_assert_num_queries(0):
        visits.see(lena, key, address="", browser="")


def test_sessions_that_are_over_are_forgotten(lena: Person):
    here, gone = logged_in(), logged_in()
    Session.objects.filter(session_key=key_of(gone)).update(expire_date=timezone.now())
    assert "Firefox" in here.get("/account/").content.decode()
    assert visits.visits_of(lena).count() == 1
    forget_what_has_ended()
    assert Visit.objects.count() == Session.objects.count() == 1


def change_password(client: Client, *, old: str = PASSWORD, new: str = NEW_PASSWORD, again: str = "") -> int:
    form = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/account/password/", form).status_code


def test_a_new_password_ends_all_sessions_but_this_one(lena: Person):
    here, there = logged_in(), logged_in(browser=PHONE)
    before = key_of(here)
    assert change_password(here) == 302
    assert is_in(here) and not is_in(there)
    assert key_of(here) != before
    assert [visit.session_key for visit in visits.visits_of(lena)] == [key_of(here)]
    lena.refresh_from_db()
    assert lena.check_password(NEW_PASSWORD)


@pytest.mark.parametrize(
    "form",
    [
        {"old": "a wrong password"},
        {"new": "short"},
        {"new": "password123"},
        {"again": "something else altogether"},
    ],
)
def test_a_bad_new_password_changes_nothing(lena: Person, form: dict[str, str]):
    here, there = logged_in(), logged_in()
    assert change_password(here, **form) == 422
    assert is_in(here) and is_in(there)


def test_the_rules_of_passwords_are_said_beforehand(lena: Person):
    assert "at least 10 characters" in logged_in().get("/account/password/").content.decode()


def test_people_of_the_directory_change_theirs_there(lena: Person):
    here = logged_in()
    lena.directory_key = "some-key"
    lena.set_unusable_password()
    lena.save()
    here.force_login(lena, "directory.backends.DirectoryBackend")
    assert "are changed there" in here.get("/account/").content.decode()
    assert here.get("/account/password/").status_code == 403


BROWSERS = {
    FIREFOX: "Firefox on Windows",
    PHONE: "Safari on iPhone",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36": "Chrome on Linux",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0": "Edge on Windows",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15": "Safari on macOS",
    "curl/8.5.0": "curl",
    "": "Unknown browser",
    "<script>alert(1)</script>": "Unknown browser",
}


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_a_browser_is_named_in_simple_words(user_agent: str):
    assert browser_in_words(user_agent) == BROWSERS[user_agent]
