"""Who comes in where: every address, for a stranger, for somebody without rights, and for an administrator."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from vms.models import ContactTest, Operation
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action

OPEN_TO_ALL = {"login", "set_language", "set_theme", "healthz"}
ONLY_POST = {"logout", "set_language", "set_theme", "operations:change"}
NO_RIGHTS_NEEDED = {"vms:list", "vms:templates", "vms:rows", "operations:list", "operations:rows", "states", "logout"}


@pytest.fixture
def admin(django_user_model):
    return django_user_model.objects.create_user("admin", is_administrator=True)


@pytest.fixture
def arguments(vm, node, admin):
    operation = request_action(vm, Order(Action.START, {}), by=admin)
    contact = ContactTest.objects.create(name="gamma", uri="qemu:///system", requested_by=admin)
    return {
        "vms:page": [vm.uuid],
        "vms:action": [vm.uuid, "power-off"],
        "nodes:page": [node.pk],
        "nodes:remove": [node.pk],
        "nodes:contact": [contact.pk],
        "operations:page": [operation.pk],
        "operations:change": [operation.pk, "cancel"],
    }


def names():
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "url_patterns", None) is None:
            yield pattern.name
        else:
            yield from (f"{pattern.app_name}:{inner.name}" for inner in pattern.url_patterns)


ALL_NAMES = sorted({name for name in names() if name})


def visit(person, name, arguments):
    client = Client()
    if person is not None:
        client.force_login(person)
    url = reverse(name, args=arguments.get(name, []))
    return client.post(url) if name in ONLY_POST else client.get(url)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_a_stranger_is_sent_to_the_login(name, arguments):
    answer = visit(None, name, arguments)
    if name in OPEN_TO_ALL:
        assert answer.status_code in {200, 302, 503}
        assert "/login/" not in answer.headers.get("Location", "")
    else:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("name", ALL_NAMES)
def test_without_rights_there_is_nothing_to_see(name, arguments, nobody, vm):
    answer = visit(nobody, name, arguments)
    if name in OPEN_TO_ALL | NO_RIGHTS_NEEDED:
        assert answer.status_code in {200, 302, 503}
    else:
        assert answer.status_code in {403, 404}
    assert vm.display_name not in answer.content.decode()


@pytest.mark.parametrize("name", ALL_NAMES)
def test_an_administrator_gets_every_page(name, arguments, admin):
    assert visit(admin, name, arguments).status_code in {200, 302, 503}


@pytest.mark.parametrize("name", sorted(ONLY_POST))
def test_what_changes_something_is_not_done_by_get(name, arguments, admin):
    client = Client()
    client.force_login(admin)
    assert client.get(reverse(name, args=arguments.get(name, []))).status_code == 405


def test_asking_about_an_action_does_not_carry_it_out(admin, vm):
    client = Client()
    client.force_login(admin)
    for action in ("start", "shutdown", "power-off", "reset", "pause", "delete"):
        assert client.get(reverse("vms:action", args=[vm.uuid, action])).status_code == 200
    assert not Operation.objects.exists()


@pytest.mark.parametrize("action", ["start", "delete"])
def test_a_form_without_its_token_is_refused(admin, vm, action):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.post(reverse("vms:action", args=[vm.uuid, action])).status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("action", ["migrate", "edit", "nonsense", "start-"])
def test_an_action_that_is_not_built_has_no_address(admin, vm, action):
    client = Client()
    client.force_login(admin)
    assert client.post(reverse("vms:action", args=[vm.uuid, action])).status_code == 404


def test_an_unknown_machine_is_not_found(admin):
    client = Client()
    client.force_login(admin)
    assert client.get(reverse("vms:page", args=[uuid4()])).status_code == 404
    assert client.post(reverse("vms:action", args=[uuid4(), "start"])).status_code == 404


def test_the_login_does_not_lead_to_another_site(admin):
    admin.set_password("a-password-of-hers")
    admin.save()
    form = {"username": "ADMIN", "password": "a-password-of-hers"}
    answer = Client().post("/login/?next=https://evil.example/", {**form, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/vms/"


@pytest.mark.parametrize("name", ["set_language", "set_theme"])
def test_a_preference_does_not_lead_to_another_site(name):
    answer = Client().post(reverse(name), {"next": "//evil.example/", "language": "de", "theme": "dark"})
    assert answer.headers["Location"] == "/"


def test_pages_allow_no_foreign_or_inline_script(admin, client):
    client.force_login(admin)
    policy = client.get(reverse("vms:list")).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_cookies_are_out_of_reach_of_scripts(admin, client):
    admin.set_password("a-password-of-hers")
    admin.save()
    before = client.get("/login/").cookies
    client.post("/login/", {"username": "admin", "password": "a-password-of-hers"})
    assert "panel" not in before
    for cookie in (client.cookies["panel"], client.cookies["panel-csrf"]):
        assert cookie["httponly"]
        assert cookie["samesite"] in {"Lax", "Strict"}
