"""People of a real directory, by StartTLS: who gets in, as whom, with which rights."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from directory.models import Person
from directory.roles import Role
from tests.directory.conftest import LogIn, access_to
from tests.directory.running import NAMED, PASSWORD, PEOPLE, RunningSlapd, dn_of, group_dn, person

pytestmark = pytest.mark.live

ROLE_OF = {"anna": Role.ADMINISTRATOR, "otto": Role.OPERATOR, "ada": Role.AUDITOR, "uwe": Role.USER}
LANGUAGE_COOKIE = "panel-language"
ODD = 'Müller, Jörg (Ops) + "Söhne" <x>; #1 \\ * /'


def test_everybody_gets_the_highest_role_of_their_groups(panel: LogIn):
    for name, role in ROLE_OF.items():
        assert panel(name)
        somebody = Person.objects.get(username=name)
        assert somebody.role == role
        assert somebody.has_perm("vms.view_every_vm") == (role is not Role.USER)
        assert somebody.has_perm("vms.operate_vm") == (role in {Role.ADMINISTRATOR, Role.OPERATOR})
        assert somebody.has_perm("vms.manage_vm") == (role is Role.ADMINISTRATOR)


def test_name_mail_and_language_come_from_the_directory(panel: LogIn, slapd: RunningSlapd):
    slapd.change(dn_of("uwe"), "preferredLanguage", "de-CH")
    browser = panel("uwe")
    assert browser and browser.cookies[LANGUAGE_COOKIE].value == "de"
    uwe = Person.objects.get(username="uwe")
    assert (uwe.full_name, uwe.email, uwe.language) == ("Uwe", "uwe@example.org", "de-CH")
    slapd.change(dn_of("uwe"), "mail")
    slapd.change(dn_of("uwe"), "preferredLanguage", "tlh")
    other = panel("uwe")
    assert other and LANGUAGE_COOKIE not in other.cookies
    assert Person.objects.get(username="uwe").email == ""


def test_who_is_in_no_group_is_not_let_in(panel: LogIn):
    assert not panel("vera")
    assert not Person.objects.exists()


TRICKS = [
    ("anna", "wrong"),
    ("anna", ""),
    ("anna", " "),
    ("anna", f"{PASSWORD}\0"),
    ("nobody", PASSWORD),
    ("*", PASSWORD),
    ("an*", PASSWORD),
    ("anna)(uid=*", PASSWORD),
    ("*)(|(uid=*", PASSWORD),
    (dn_of("anna"), PASSWORD),
    ("anna\0", PASSWORD),
    ("", PASSWORD),
    ("a" * 5000, PASSWORD),
]


def test_nobody_gets_in_by_a_trick(panel: LogIn):
    assert [trick for trick in TRICKS if panel(*trick)] == []
    assert not Person.objects.exists()


def test_a_name_in_capitals_is_the_same_person(panel: LogIn):
    assert panel("anna") and panel("ANNA") and panel(" Anna ")
    assert Person.objects.get().username == "anna"


def test_any_distinguished_name_will_do(panel: LogIn, slapd: RunningSlapd):
    """Its groups are found by it, so it stands inside a filter."""
    escaped = ODD.translate({ord(sign): f"\\{ord(sign):02x}" for sign in ',+"<>;#\\'})
    dn = f"cn={escaped},{PEOPLE}"
    slapd.add(dn, person("odd", cn=ODD))
    assert not panel("odd")
    slapd.change(group_dn("operators"), "member", dn)
    assert panel("odd")
    odd = Person.objects.get()
    assert (odd.full_name, odd.role) == (ODD, Role.OPERATOR)


def test_two_of_one_name_are_both_refused(panel: LogIn, slapd: RunningSlapd):
    slapd.add(f"cn=second,{PEOPLE}", person("anna"))
    assert not panel("anna")


def test_a_name_that_the_panel_cannot_take_is_refused(panel: LogIn, slapd: RunningSlapd):
    slapd.add(f"cn=odd,{PEOPLE}", person("odd one"))
    slapd.change(group_dn("users"), "member", f"cn=odd,{PEOPLE}")
    assert not panel("odd one")


def test_a_renamed_person_keeps_what_she_was_given(panel: LogIn, slapd: RunningSlapd):
    assert panel("anna")
    before = Person.objects.get()
    slapd.rename(dn_of("anna"), "uid=annette")
    slapd.change(group_dn("administrators"), "member", dn_of("annette"))
    assert not panel("anna")
    assert panel("annette")
    after = Person.objects.get()
    assert (after.pk, after.username) == (before.pk, "annette")


def test_somebody_new_of_an_old_name_gets_nothing_of_it(panel: LogIn, slapd: RunningSlapd):
    assert panel("otto")
    old = Person.objects.get()
    slapd.delete(dn_of("otto"))
    slapd.add(dn_of("otto"), person("otto"))
    assert panel("otto")
    new = Person.objects.get(username="otto")
    assert new.pk != old.pk
    old.refresh_from_db()
    assert old.username == f"otto~{old.pk}"


def test_a_local_account_is_never_taken_over(panel: LogIn, slapd: RunningSlapd):
    local = Person.objects.create_user("anna", "local password", is_administrator=False)
    assert not panel("anna", PASSWORD)
    assert not panel("ANNA", PASSWORD)
    assert panel("anna", "local password")
    slapd.delete(dn_of("anna"))
    slapd.rename(dn_of("otto"), "uid=Anna")
    assert not panel("Anna", PASSWORD)
    assert list(Person.objects.all()) == [local]
    local.refresh_from_db()
    assert (local.role, local.is_superuser, local.is_local) == (Role.USER, False, True)


def test_a_person_of_the_directory_gets_no_local_password(panel: LogIn, monkeypatch: pytest.MonkeyPatch):
    assert panel("otto")
    monkeypatch.setenv("PERSON_PASSWORD", "a local password")
    with pytest.raises(CommandError):
        call_command("ensure_person", "otto", "--administrator")
    assert not panel("otto", "a local password")
    assert Person.objects.get().role == Role.OPERATOR


def test_who_was_blocked_in_the_panel_stays_blocked(panel: LogIn):
    browser = panel("otto")
    assert browser
    Person.objects.update(is_active=False)
    assert not panel("otto")
    assert browser.get("/").status_code == 302
    assert "/login/" in browser.get("/vms/").headers.get("Location", "/login/")


def test_the_password_is_kept_nowhere(panel: LogIn, caplog: pytest.LogCaptureFixture):
    assert panel("otto") and not panel("otto", "mistyped password")
    assert "mistyped password" not in caplog.text
    assert not Person.objects.get().has_usable_password()


def test_a_group_of_ten_thousand_costs_nothing(panel: LogIn, slapd: RunningSlapd):
    slapd.change(group_dn("operators"), "member", dn_of("mia"), *(dn_of(f"p{n}") for n in range(10_000)))
    assert panel("mia")
    assert Person.objects.get().role == Role.OPERATOR


def test_people_may_log_in_to_the_directory_themselves(panel: LogIn, slapd: RunningSlapd, settings: Settings):
    settings.DIRECTORY = access_to(slapd, bind_dn="", bind_password="", person_dn=f"uid={{name}},{PEOPLE}")
    assert [trick for trick in TRICKS if panel(*trick)] == []
    assert not panel(f"anna,{PEOPLE}", PASSWORD)
    assert panel("anna") and panel("uwe")
    assert [person.role for person in Person.objects.order_by("username")] == [Role.ADMINISTRATOR, Role.USER]


def test_ldaps_will_do_as_well(panel: LogIn, slapd: RunningSlapd, settings: Settings):
    settings.DIRECTORY = access_to(slapd, uri=f"ldaps://{NAMED}:{slapd.tls_port}", starttls=False)
    assert panel("anna")
