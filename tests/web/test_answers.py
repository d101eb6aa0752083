"""What comes back from a click, what goes along with every page, and what a name can do: nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Heartbeat, Operation, Vm
from vms.rules.kinds import Kind
from vms.rules.power import Power

SCRIPT = "<script>alert(1)</script>"
PART = {"HX-Request": "true"}


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def test_the_pages_script_gets_the_row_and_everybody_else_goes_back(browser: Client, vm: Vm) -> None:
    answer = browser.post(f"/vms/{vm.pk}/start/", headers=PART)
    assert answer.status_code == HTTPStatus.ACCEPTED
    assert f'id="vm-{vm.pk}"' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "Starting" in answer.content.decode()

    plain = browser.post(f"/vms/{vm.pk}/start/", {"next": "/vms/?q=web"})
    assert (plain.status_code, plain["Location"]) == (HTTPStatus.FOUND, "/vms/?q=web")
    assert Operation.objects.count() == 1


def test_an_opened_row_comes_back_opened(browser: Client, vm: Vm) -> None:
    closed = browser.post(f"/vms/{vm.pk}/start/", headers=PART).content.decode()
    opened = browser.post(f"/vms/{vm.pk}/start/?open={vm.pk}", headers=PART).content.decode()
    assert "row-detail" in opened
    assert "row-detail" not in closed


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "/\\example.org", ""]
)
def test_a_form_never_leads_to_another_site(browser: Client, vm: Vm, elsewhere: str) -> None:
    for url in (f"/vms/{vm.pk}/start/", "/preferences/theme/", "/preferences/language/"):
        assert browser.post(url, {"next": elsewhere})["Location"] in {"/vms/", "/"}


def test_a_refusal_is_409_with_the_reason_and_the_row(browser: Client, vm: Vm) -> None:
    answer = browser.post(f"/vms/{vm.pk}/shutdown/", headers=PART)
    text = answer.content.decode()
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Shutdown of web1 is not possible now." in text
    assert f'id="vm-{vm.pk}"' in text

    page = browser.post(f"/vms/{vm.pk}/shutdown/", {"next": "/vms/"}, follow=True)
    assert "Shutdown of web1 is not possible now." in page.content.decode()


def test_who_comes_second_is_told_who_was_first(running_vm: Vm, anna: Person, berta: Person) -> None:
    browser_of(anna).post(f"/vms/{running_vm.pk}/shutdown/", headers=PART)
    answer = browser_of(berta).post(f"/vms/{running_vm.pk}/shutdown/", headers=PART)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "anna" in answer.content.decode()
    assert Operation.objects.count() == 1


def test_the_same_question_answered_twice_is_one_operation(browser: Client, running_vm: Vm) -> None:
    key = str(uuid4())
    answers = [browser.post(f"/vms/{running_vm.pk}/reset/", {"key": key}, headers=PART) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [HTTPStatus.ACCEPTED] * 2
    assert Operation.objects.count() == 1


def test_the_question_names_the_machine_the_node_and_the_consequence(browser: Client, running_vm: Vm) -> None:
    page = browser.get(f"/vms/{running_vm.pk}/power-off/").content.decode()
    assert "web1" in page
    assert "alpha" in page
    assert 'name="key"' in page


@pytest.mark.broad
@pytest.mark.parametrize(
    "name", [SCRIPT, '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}", "%(vm)s %s", "\u202egro.elpmaxe"]
)
def test_a_name_is_shown_and_does_nothing(browser: Client, add_vm: AddVm, name: str) -> None:
    vm = add_vm("plain", Power.RUNNING, display_name=name)
    browser.post(f"/vms/{vm.pk}/shutdown/", headers=PART)
    for path in ("/vms/", f"/vms/?open={vm.pk}", f"/vms/{vm.pk}/", f"/vms/{vm.pk}/power-off/", "/operations/"):
        text = browser.get(path, headers={"accept-language": "en"}).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert browser.get(path).status_code == HTTPStatus.OK
    assert SCRIPT not in browser.get("/vms/", {"q": SCRIPT}).content.decode()


def test_every_page_forbids_foreign_and_inline_scripts(browser: Client, vm: Vm) -> None:
    for path in ("/vms/", f"/vms/{vm.pk}/", "/nodes/", "/nodes/add/", "/operations/", "/states/", "/login/", "/nope/"):
        answer = browser.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        text = answer.content.decode()
        assert " onclick=" not in text
        assert " style=" not in text


def test_cookies_are_closed_to_scripts_and_other_sites(administrator: Person) -> None:
    administrator.set_password("a-good-long-password")
    administrator.save()
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "ada", "password": "a-good-long-password"})
    client.post("/preferences/theme/", {"theme": "dark"})
    for name in ("panel", "panel-csrf", "panel-theme"):
        cookie = client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] in {"Lax", "Strict"}


def test_healthz_needs_no_login_and_names_what_is_not_well(db: None) -> None:
    Heartbeat.beat("watcher")
    Heartbeat.objects.create(process="worker", at=timezone.now() - timedelta(minutes=1))
    answer = Client().get("/healthz")
    state: dict[str, Any] = answer.json()
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert state == {
        "web": "well",
        "database": "well",
        "broker": "not well",
        "worker": "not well",
        "watcher": "well",
    }


def test_the_states_command_prints_every_decision_as_specified() -> None:
    out = StringIO()
    call_command("states", format="json", stdout=out)
    decisions = json.loads(out.getvalue())
    assert {tuple(decision) for decision in decisions} == {("kind", "status", "mode", "action", "allowed", "reason")}
    assert {decision["kind"] for decision in decisions} == set(Kind)
    assert all(decision["allowed"] is (decision["reason"] is None) for decision in decisions)
    assert all(decision["mode"] is None for decision in decisions if decision["kind"] == "vm")
    asked = [(each["kind"], each["status"], each["mode"], each["action"]) for each in decisions]
    assert len(asked) == len(set(asked))

    table = StringIO()
    call_command("states", stdout=table)
    assert len(table.getvalue().splitlines()) == len(decisions)
