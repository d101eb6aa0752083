"""Accounts and groups, as administrators see and change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from directory import labels
from directory.locking import Lock
from directory.models import DirectoryGroup, Person, Visit
from directory.models.person import Standing
from directory.policy import Change, Refusal, is_last_administrator, why_not
from directory.roles import Role
from directory.signals import people_changed

PASSWORD = "a good password"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGES = ("/people/", "/people/new/", "/people/groups/", "/people/groups/new/", "/people/locked/", "/people/directory/")
NEW = {"username": "bert", "full_name": "Bert B", "email": "b@example.org", "role": "operator", "password": PASSWORD}


@pytest.fixture
def ada(db: None) -> Person:
    """A local administrator with a password."""
    return Person.objects.create_user("ada", PASSWORD, is_administrator=True)


@pytest.fixture
def bert(db: None) -> Person:
    return Person.objects.create_user("bert", PASSWORD)


@pytest.fixture
def dora(db: None) -> Person:
    """From the directory, and an administrator there."""
    dora = Person(username="dora", full_name="Dora D", directory_key="key-of-dora")
    dora.take_role(Role.ADMINISTRATOR)
    dora.set_unusable_password()
    dora.save()
    return dora


@pytest.fixture
def browser(ada: Person) -> Client:
    return browser_of(ada)


@pytest.fixture
def changes() -> Iterator[list[Any]]:
    """How often it was said that people have changed."""
    heard: list[Any] = []

    def hear(**news: Any) -> None:
        heard.append(news)

    people_changed.connect(hear)
    yield heard
    people_changed.disconnect(hear)


def browser_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, MODEL_BACKEND)
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def can_log_in(name: str, password: str = PASSWORD) -> bool:
    return Client().post("/login/", {"username": name, "password": password}).status_code == 302


# --- the list -------------------------------------------------------------------------------------
def test_everybody_is_in_the_list_with_what_they_are(browser: Client, bert: Person, dora: Person):
    bert.groups.add(Group.objects.create(name="testers"))
    text = page(browser, "/people/")
    for word in ("ada", "bert", "dora", "Dora D", "Local", "LDAP directory", "Administrator", "testers", "never"):
        assert word in text


def test_people_are_searched_and_sorted(browser: Client, bert: Person, dora: Person):
    assert "person-" in page(browser, "/people/?q=Dora") and f"person-{bert.pk}" not in page(browser, "/people/?q=Dora")
    assert "Nothing found" in page(browser, "/people/?q=nobody-like-this")
    text = page(browser, "/people/?sort=-name")
    assert text.index(f"person-{dora.pk}") < text.index(f"person-{bert.pk}")


def test_a_page_of_people_costs_the_same_for_one_and_for_many(browser: Client, django_assert_max_num_queries: Any):
    group = Group.objects.create(name="all")
    for number in range(60):
        Person.objects.create(username=f"p{number}").groups.add(group)
    with django_assert_max_num_queries(16):
        text = page(browser, "/people/?per=25")
    assert text.count('id="person-') == 25
    assert "?per=25&amp;page=3" in text


def test_the_states_are_told_apart(browser: Client, bert: Person, dora: Person):
    assert "Blocked" not in page(browser, "/people/")
    Person.objects.filter(pk=bert.pk).update(is_active=False)
    Person.objects.filter(pk=dora.pk).update(is_active=False, gone_at=timezone.now())
    for _ in range(5):
        Client().post("/login/", {"username": "ada", "password": "wrong wrong"})
    text = page(browser, "/people/")
    assert "Blocked" in text and "Gone from the directory" in text and "Locked: too many attempts" in text


@pytest.mark.parametrize("path", [*PAGES, "/people/1/", "/people/1/edit/", "/people/1/delete/", "/people/groups/1/"])
def test_nobody_but_administrators_sees_people(bert: Person, path: str):
    assert browser_of(bert).get(path).status_code == 403
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize("what", ["edit", "password", "block", "let-in", "unlock", "log-out", "delete"])
def test_nobody_but_administrators_changes_people(ada: Person, bert: Person, what: str):
    assert browser_of(bert).post(f"/people/{ada.pk}/{what}/").status_code == 403
    assert Client().post(f"/people/{ada.pk}/{what}/").status_code == 302
    assert can_log_in("ada")


@pytest.mark.parametrize("what", ["block", "let-in", "unlock", "log-out"])
def test_looking_changes_nothing(browser: Client, bert: Person, what: str):
    assert browser.get(f"/people/{bert.pk}/{what}/").status_code == 405


# --- accounts -------------------------------------------------------------------------------------
def test_a_new_account_can_log_in_and_has_its_role(browser: Client):
    assert browser.post("/people/new/", NEW).status_code == 302
    bert = Person.objects.get(username="bert")
    assert (bert.full_name, bert.email, bert.role, bert.is_local) == ("Bert B", "b@example.org", Role.OPERATOR, True)
    assert can_log_in("bert")


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ADA"},
        {"username": "two words"},
        {"username": ""},
        {"username": "x" * 151},
        {"email": "not an address"},
        {"role": "emperor"},
        {"role": ""},
        {"password": "short"},
        {"username": "bertolucci", "password": "bertolucci1"},
        {"password": "1234567890"},
    ],
)
def test_a_wrong_new_account_is_refused_with_a_word_about_it(browser: Client, wrong: dict[str, str]):
    answer = browser.post("/people/new/", NEW | wrong)
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert Person.objects.count() == 1


def test_an_account_is_edited(browser: Client, bert: Person, changes: list[Any]):
    form = {"full_name": "Berta", "email": "", "role": "administrator"}
    assert browser.post(f"/people/{bert.pk}/edit/", form).status_code == 302
    bert.refresh_from_db()
    assert (bert.full_name, bert.role, bert.is_superuser) == ("Berta", Role.ADMINISTRATOR, True)
    assert changes


def test_a_new_password_logs_the_person_out(browser: Client, bert: Person):
    berts = browser_of(bert)
    assert browser.post(f"/people/{bert.pk}/password/", {"password": "short"}).status_code == 422
    assert browser.post(f"/people/{bert.pk}/password/", {"password": "quite another"}).status_code == 302
    assert berts.get("/account/").status_code == 302
    assert can_log_in("bert", "quite another") and not can_log_in("bert")


def test_ones_own_password_is_changed_where_the_old_one_is_asked_for(browser: Client, ada: Person):
    assert browser.get(f"/people/{ada.pk}/password/").headers["Location"] == "/account/password/"


def test_somebody_is_blocked_and_let_in_again(browser: Client, bert: Person, changes: list[Any]):
    berts = browser_of(bert)
    browser.post(f"/people/{bert.pk}/block/")
    assert berts.get("/account/").status_code == 302
    assert not can_log_in("bert") and not Visit.objects.filter(person=bert).exists()
    browser.post(f"/people/{bert.pk}/let-in/")
    assert can_log_in("bert")
    assert len(changes) == 2


def test_somebody_is_logged_out_everywhere(browser: Client, bert: Person):
    sessions = [browser_of(bert) for _ in range(3)]
    browser.post(f"/people/{bert.pk}/log-out/")
    assert not any(session.get("/account/").status_code == 200 for session in sessions)
    assert can_log_in("bert")


def test_deleting_asks_once_and_says_what_goes(browser: Client, bert: Person):
    berts = browser_of(bert)
    question = page(browser, f"/people/{bert.pk}/delete/")
    assert "Delete the account bert?" in question and "rights of this account" in question
    assert Person.objects.filter(pk=bert.pk).exists()
    browser.post(f"/people/{bert.pk}/delete/")
    assert not Person.objects.filter(pk=bert.pk).exists()
    assert berts.get("/account/").status_code == 302


def test_an_account_of_the_directory_is_changed_there(browser: Client, dora: Person):
    for what in ("edit", "password", "delete"):
        browser.post(f"/people/{dora.pk}/{what}/", {"full_name": "D", "role": "user", "password": PASSWORD})
    dora.refresh_from_db()
    assert (dora.full_name, dora.role, dora.has_usable_password()) == ("Dora D", Role.ADMINISTRATOR, False)
    text = page(browser, f"/people/{dora.pk}/")
    assert "are changed there" in text
    assert f"/people/{dora.pk}/edit/" not in text and f"/people/{dora.pk}/delete/" not in text


def test_a_gone_person_who_is_blocked_stays_blocked_when_they_come_back(browser: Client, dora: Person):
    Person.objects.filter(pk=dora.pk).update(is_active=False, gone_at=timezone.now())
    browser.post(f"/people/{dora.pk}/block/")
    dora.refresh_from_db()
    assert (dora.is_active, dora.gone_at) == (False, None)


# --- nobody shuts themselves or everybody out -----------------------------------------------------
def test_nobody_blocks_demotes_or_deletes_themselves(browser: Client, ada: Person):
    Person.objects.create_user("second", PASSWORD, is_administrator=True)
    for what in ("block", "delete"):
        browser.post(f"/people/{ada.pk}/{what}/")
    answer = browser.post(f"/people/{ada.pk}/edit/", {"full_name": "", "email": "", "role": "user"})
    assert answer.status_code == 422 and "somebody else" in answer.content.decode()
    ada.refresh_from_db()
    assert ada.is_active and ada.is_administrator


def test_the_last_local_administrator_stays(ada: Person, bert: Person, dora: Person):
    doras = browser_of(dora)
    assert is_last_administrator(ada)
    for what in ("block", "delete"):
        doras.post(f"/people/{ada.pk}/{what}/")
    answer = doras.post(f"/people/{ada.pk}/edit/", {"full_name": "", "email": "", "role": "user"})
    assert answer.status_code == 422 and "last local administrator" in answer.content.decode()
    assert can_log_in("ada")
    bert.take_role(Role.ADMINISTRATOR)
    bert.save()
    doras.post(f"/people/{ada.pk}/block/")
    assert not can_log_in("ada")


def test_who_cannot_log_in_is_no_administrator_to_rely_on(ada: Person, bert: Person, dora: Person):
    for useless in ({"is_active": False}, {"password": "!unusable"}):
        Person.objects.filter(pk=bert.pk).update(role=Role.ADMINISTRATOR, is_superuser=True, **useless)
        assert why_not(Change.BLOCK, ada, dora) is Refusal.LAST_ADMINISTRATOR


def test_it_is_said_whoever_changed_somebody_and_only_then(bert: Person, changes: list[Any]):
    group = Group.objects.create(name="testers")
    bert.full_name = "Bert"
    bert.save()
    assert changes == []
    bert.take_role(Role.OPERATOR)
    bert.save()
    bert.groups.add(group)
    bert.groups.add(group)
    bert.is_active = False
    bert.save(update_fields=["is_active"])
    group.delete()
    bert.delete()
    assert len(changes) == 5


# --- groups ---------------------------------------------------------------------------------------
def test_a_group_is_made_filled_renamed_emptied_and_deleted(browser: Client, bert: Person, changes: list[Any]):
    browser.post("/people/groups/new/", {"name": "testers"})
    group = Group.objects.get(name="testers")
    browser.post(f"/people/groups/{group.pk}/", {"username": "BERT"})
    assert list(bert.groups.all()) == [group]
    assert "bert" in page(browser, f"/people/groups/{group.pk}/")
    browser.post(f"/people/groups/{group.pk}/rename/", {"name": "testers of all"})
    assert "testers of all" in page(browser, "/people/groups/")
    browser.post(f"/people/groups/{group.pk}/members/{bert.pk}/remove/")
    assert not bert.groups.exists()
    assert "rights of this group go" in page(browser, f"/people/groups/{group.pk}/delete/")
    browser.post(f"/people/groups/{group.pk}/delete/")
    assert not Group.objects.exists()
    assert len(changes) == 3


def test_a_wrong_group_is_refused_with_a_word_about_it(browser: Client):
    group = Group.objects.create(name="testers")
    assert browser.post("/people/groups/new/", {"name": "TESTERS"}).status_code == 422
    assert browser.post("/people/groups/new/", {"name": " "}).status_code == 422
    answer = browser.post(f"/people/groups/{group.pk}/", {"username": "nobody-like-this"})
    assert answer.status_code == 422 and "Nobody of this name" in answer.content.decode()
    assert browser.post(f"/people/groups/{group.pk}/rename/", {"name": "testers"}).status_code == 302


def test_a_group_of_the_directory_is_only_shown(browser: Client, bert: Person):
    group = Group.objects.create(name="admins")
    DirectoryGroup.objects.create(group=group, key="k", dn="cn=admins,dc=example", gone_at=timezone.now())
    text = page(browser, f"/people/groups/{group.pk}/")
    assert "cn=admins,dc=example" in text and "has not known this group since" in text
    assert "Rename" not in text and "Add somebody" not in text
    assert browser.post(f"/people/groups/{group.pk}/", {"username": "bert"}).status_code == 404
    for what in ("rename", "delete", f"members/{bert.pk}/remove"):
        assert browser.post(f"/people/groups/{group.pk}/{what}/").status_code == 404
    assert "gone from there" in page(browser, "/people/groups/")


def test_no_group_yet_is_said_kindly(browser: Client):
    assert "No groups yet" in page(browser, "/people/groups/")


def test_a_name_full_of_signs_is_only_text(browser: Client):
    group = Group.objects.create(name='<b>bold</b> %s & "more"')
    assert "<b>bold</b>" not in page(browser, "/people/groups/") + page(browser, f"/people/groups/{group.pk}/delete/")


def test_everybody_finds_their_own_account(bert: Person):
    bert.groups.add(Group.objects.create(name="testers"))
    text = page(browser_of(bert), "/account/")
    for word in ("bert", "Sees only the virtual machines", "testers", "Deutsch", "Where you are logged in"):
        assert word in text
    assert "/people/" not in text


TABLES: list[tuple[Mapping[Any, object], set[Any]]] = [
    (labels.ROLE, set(Role)),
    (labels.ROLE_SAYS, set(Role)),
    (labels.STANDING, set(Standing)),
    (labels.REFUSAL, set(Refusal)),
    (labels.LOCK, set(Lock)),
]


@pytest.mark.parametrize("number", range(len(TABLES)))
def test_every_code_has_its_words(number: int):
    words, codes = TABLES[number]
    assert set(words) == codes
    assert len(set(map(str, words.values()))) == len(words)
