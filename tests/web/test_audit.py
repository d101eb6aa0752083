"""Whatever people ask leaves a line, also in vain."""

from __future__ import annotations

from ipaddress import ip_network
from uuid import uuid4

import pytest
from django.urls import get_resolver, reverse

from directory.models import Person
from stoney_panel.auditing import PREFERENCES
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.places import PLACES, Place, named
from tests.web.test_access import addresses, all_names, known
from vms import labels
from vms.models import AuditLine, Operation, Vm
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Subject, Why

__all__ = ["addresses", "known"]

CHANGES = [place for place in PLACES if place.posts]


def lines() -> list[tuple[str, str, str]]:
    """The oldest first, without those of how the tests log in."""
    written = AuditLine.objects.exclude(request=Request.LOG_IN, outcome=Outcome.ACCEPTED)
    return list(written.order_by("pk").values_list("request", "outcome", "reason"))


def newest() -> AuditLine:
    return AuditLine.objects.latest("pk")


# --- what leaves a line -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "nobody", "stranger", "without a token"])
@pytest.mark.parametrize("place", CHANGES, ids=named)
def test_every_post_leaves_a_line(
    addresses: dict[Place, str], administrator: Person, nobody: Person, place: Place, who: str
) -> None:
    person = {"administrator": administrator, "nobody": nobody, "without a token": administrator}.get(who)
    browser = browser_of(person, enforce_csrf_checks=who == "without a token")
    before = AuditLine.objects.count()
    answer = browser.post(addresses[place], REMOTE_ADDR="192.0.2.7")
    written = list(AuditLine.objects.order_by("pk")[before:])
    if place.name in PREFERENCES:
        assert written == []
        return
    asked = [line for line in written if line.outcome in {Outcome.ACCEPTED, Outcome.REFUSED}]
    assert asked
    assert {line.address for line in asked} == {"192.0.2.7"}
    assert {line.person_key for line in asked} == {person.pk if person else None}
    if person is None or answer.status_code >= 400:
        assert {line.outcome for line in written} == {Outcome.REFUSED}
        assert all(line.reason for line in written)


@pytest.mark.parametrize("place", [place for place in CHANGES if place.name not in PREFERENCES], ids=named)
def test_every_request_has_words(addresses: dict[Place, str], administrator: Person, place: Place) -> None:
    browser_of(administrator).post(addresses[place])
    written = AuditLine.objects.values_list("request", flat=True)
    assert set(written) <= set(labels.audit_requests())


def test_no_words_are_left_over() -> None:
    assert {name for name in labels.AUDIT_REQUEST if ":" in name} <= all_names(get_resolver().url_patterns)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_ways_to_ask_leave_a_line_too(vm: Vm, anna: Person, method: str) -> None:
    getattr(browser_of(anna), method)(reverse("vms:page", args=[vm.pk]))
    assert lines() == [("vms:page", Outcome.REFUSED, "http_405")]


@pytest.mark.broad
def test_looking_leaves_none(addresses: dict[Place, str], administrator: Person) -> None:
    for place in PLACES:
        if place.gets:
            browser_of(administrator).get(addresses[place])
    assert lines() == []


def test_preferences_are_nobodys_business(anna: Person) -> None:
    for name in ("set_language", "set_theme"):
        browser_of(anna).post(reverse(name), {"language": "de", "theme": "dark"})
    assert lines() == []


def test_what_is_accepted_and_refused_says_who_asked_what_of_whom_from_where(add_vm: AddVm, anna: Person) -> None:
    vm = add_vm("web1")
    url = reverse("vms:action", args=[vm.pk, "start"])
    browser_of(anna).post(url, REMOTE_ADDR="::ffff:192.0.2.7")
    line = newest()
    assert (line.person_key, line.person_name, line.address) == (anna.pk, "anna", "192.0.2.7")
    assert (line.request, line.outcome) == (Action.START, Outcome.ACCEPTED)
    assert (line.subject, line.subject_key, line.subject_name) == (Subject.VM, str(vm.pk), "web1")
    operation = Operation.objects.get()
    assert (line.operation_key, operation.requested_from) == (operation.pk, "192.0.2.7")
    browser_of(anna).post(reverse("vms:action", args=[vm.pk, "shutdown"]))
    assert lines()[1:] == [(Action.SHUTDOWN, Outcome.REFUSED, "is_starting")]


def test_a_machine_that_somebody_may_not_see_is_named_by_what_was_asked_for(add_vm: AddVm, nobody: Person) -> None:
    vm, unknown = add_vm("web1"), uuid4()
    for uuid in (vm.pk, unknown):
        browser_of(nobody).post(reverse("vms:action", args=[uuid, "start"]))
        assert newest().subject_key == str(uuid)
    assert lines() == [(Action.START, Outcome.REFUSED, "http_404")] * 2


def test_a_form_that_is_not_valid_is_refused(vm: Vm, anna: Person) -> None:
    browser_of(anna).post(reverse("vms:notes", args=[vm.pk]), {"notes": "x" * 100_000})
    assert lines() == [(Request.NOTES, Outcome.REFUSED, Why.NOT_VALID)]


# --- logins -------------------------------------------------------------------------------------------


def test_logins_are_written_down_and_never_a_password(auditor: Person) -> None:
    browser = browser_of(None)
    browser.post(reverse("login"), {"username": "eva", "password": "the wrong password"}, REMOTE_ADDR="192.0.2.7")
    browser.post(reverse("login"), {"username": "nobody\0at all" + "x" * 300, "password": "the wrong password"})
    browser.post(reverse("login"), {"username": "eva", "password": "a long password"})
    browser.post(reverse("logout"))
    assert list(AuditLine.objects.order_by("pk").values_list("request", "outcome", "reason")) == [
        (Request.LOG_IN, Outcome.REFUSED, Why.WRONG_CREDENTIALS),
        (Request.LOG_IN, Outcome.REFUSED, Why.NOT_VALID),
        (Request.LOG_IN, Outcome.ACCEPTED, ""),
        (Request.LOG_OUT, Outcome.ACCEPTED, ""),
    ]
    first, *_others, last = AuditLine.objects.order_by("pk")
    assert (first.person_key, first.subject_name, first.address) == (None, "eva", "192.0.2.7")
    assert (last.person_key, last.subject_key) == (auditor.pk, str(auditor.pk))
    assert "password" not in str(list(AuditLine.objects.values_list()))


def test_each_try_is_one_line_also_the_one_that_shuts_the_lock(auditor: Person) -> None:
    browser = browser_of(None)
    for _ in range(6):
        browser.post(reverse("login"), {"username": "eva", "password": "the wrong password"})
    reasons = [Why.WRONG_CREDENTIALS] * 4 + [Why.LOCKED_OUT] * 2
    assert lines() == [(Request.LOG_IN, Outcome.REFUSED, reason) for reason in reasons]
    assert newest().subject_name == "eva"


# --- where somebody asks from -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connected", "said", "address"),
    [
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("10.0.0.5", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:10.0.0.5", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.5", "somewhere", "10.0.0.5"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("", "203.0.113.9", ""),
    ],
)
def test_only_trusted_proxies_are_believed(settings, vm: Vm, anna: Person, connected, said, address) -> None:
    settings.PROXIES = [ip_network("10.0.0.0/24")]
    headers = {"X-Forwarded-For": said} if said else {}
    browser_of(anna).post(reverse("vms:action", args=[vm.pk, "start"]), REMOTE_ADDR=connected, headers=headers)
    assert newest().address == address
