"""Every address, for everybody, by every method. Looking never acts, and acting needs a right and a token."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.places import OF_ONES_OWN, OPEN_TO_ALL, PLACES, Place, named
from vms.models import (
    Backup,
    BackupSchedule,
    BackupTarget,
    Bulk,
    BulkItem,
    ChosenColumns,
    ContactTest,
    Emptying,
    Event,
    Node,
    Operation,
    SavedView,
    StoredFile,
    Tag,
    Vm,
    VmPool,
)
from vms.rules.actions import Action
from vms.rules.backups import BackupState
from vms.rules.emptying import State
from vms.rules.kinds import Kind
from vms.rules.moving import Move
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.timeline import What

METHODS = ("get", "head", "post", "put", "patch", "delete")
FORBIDDEN, NOT_ALLOWED, FOUND = 403, 405, 302


@pytest.fixture
def known(add_vm: AddVm, node: Node, administrator: Person) -> dict[str, Any]:
    """What there is one of, by the word that stands for it in an address."""
    deleted = add_vm("web10")
    Vm.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    Event.objects.create(what=What.NODE_REMOVED, values={"node": "web1", "key": 4711, "person": "ada"})
    vm = add_vm()
    target = BackupTarget.objects.create(name="vault", folder="/srv/vault")
    backup = Backup.objects.create(vm=vm, target=target, state=BackupState.GOOD, stem="web1-1", machine_name="web1")
    return {
        "vm": vm,
        "deleted": deleted,
        "template": add_vm("web11", kind=Kind.TEMPLATE),
        "golden_image": add_vm("web13", kind=Kind.GOLDEN_IMAGE),
        "node": node,
        "contact": ContactTest.objects.create(name="new", uri="test:///default", requested_by=administrator),
        "view": SavedView.objects.create(person=administrator, page="vms", name="hers", query=""),
        "file": StoredFile.objects.create(name="a.iso", kind="iso", size=1, capacity=1, sha256="0" * 64, file_name="f"),
        "person": Person.objects.create_user("per", "a password"),
        "group": Group.objects.create(name="all"),
        "emptying": Emptying.objects.create(node=node, state=State.CANCELLED, finished_at=timezone.now()),
        "target": target,
        "schedule": BackupSchedule.objects.create(name="nightly", target=target),
        "backup": backup,
        "pool": VmPool.objects.create(name="web1 pool", kind=PoolKind.DYNAMIC, most_vms=3),
        "desk": add_vm("web14", Power.RUNNING, kind=Kind.DYNAMIC, assigned_at=timezone.now()),
    }


@pytest.fixture
def addresses(known: dict[str, Any], add_vm: AddVm, administrator: Person) -> dict[Place, str]:
    vm, node = known["vm"], known["node"]
    operation = Operation.objects.create(vm=vm, node=node, action=Action.START, slot="run")
    bulk = Bulk.objects.create(action=Action.START, requested_by=administrator, request_key=uuid4())
    BulkItem.objects.create(bulk=bulk, vm=vm, operation=operation)
    stream = Operation.objects.create(vm=vm, node=node, action=Action.STREAM, slot="job")
    way = Move(node.pk, node.pk, Way.LIVE).to_arguments()
    move = Operation.objects.create(vm=add_vm("web12"), node=node, action=Action.MIGRATE, slot="job", arguments=way)
    there = known | {"operation": operation, "bulk": bulk, "stream": stream, "move": move}

    def address(place: Place) -> str:
        words = [there[word].pk if word in there else word for word in place.arguments]
        return reverse(place.name, args=words) + place.query.format(vm=vm.pk)

    return {place: address(place) for place in PLACES}


def ask(person: Person | None, method: str, url: str, **headers: str) -> HttpResponse:
    answer: HttpResponse = getattr(browser_of(person), method)(url, headers=headers)
    return answer


KEPT = (
    Backup,
    BackupSchedule,
    BackupTarget,
    StoredFile,
    Vm,
    Node,
    Emptying,
    Operation,
    Event,
    Bulk,
    BulkItem,
    SavedView,
    Tag,
    VmPool,
)


def everything(*, but_of: Person | None = None) -> dict[str, Any]:
    """All that is kept, without the columns that one person has chosen for herself."""
    kept = {model.__name__: sorted(map(str, model.objects.values_list())) for model in KEPT}
    chosen = list(ChosenColumns.objects.exclude(person=but_of).values_list())
    return kept | {"columns": chosen, "contacts": ContactTest.objects.count()}


def all_names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    names = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            names |= all_names(pattern.url_patterns, prefix + inner)
        elif pattern.name:
            names.add(prefix + pattern.name)
    return names


def test_no_address_is_forgotten_here() -> None:
    assert all_names(get_resolver().url_patterns) == {place.name for place in PLACES} | OPEN_TO_ALL | OF_ONES_OWN


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", PLACES, ids=named)
def test_a_stranger_is_sent_to_the_login(addresses: dict[Place, str], place: Place, method: str) -> None:
    answer = ask(None, method, addresses[place])
    assert answer.status_code == FOUND
    assert answer["Location"].startswith("/login/")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", PLACES, ids=named)
def test_somebody_without_rights_sees_and_changes_nothing(
    addresses: dict[Place, str], nobody: Person, place: Place, method: str
) -> None:
    before = everything(but_of=nobody)
    answer = ask(nobody, method, addresses[place])
    assert b"web1" not in answer.getvalue()
    assert everything(but_of=nobody) == before
    allowed = method in {"get", "head"} and place.gets and not place.needs
    assert (answer.status_code == 200) == allowed
    her_own = method == "post" and place.posts and not place.needs
    assert (answer.status_code == FOUND) == her_own
    assert answer.status_code in {200, FOUND, FORBIDDEN, 404, NOT_ALLOWED}


@pytest.mark.usefixtures("no_hypervisor")
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("place", PLACES, ids=named)
def test_looking_changes_nothing_and_asks_no_node(
    addresses: dict[Place, str], administrator: Person, place: Place, method: str
) -> None:
    before = everything()
    for headers in ({}, {"HX-Request": "true"}):
        answer = ask(administrator, method, addresses[place], **headers)
        assert answer.status_code == (200 if place.gets else NOT_ALLOWED)
        answer.getvalue()
    assert everything() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("place", PLACES, ids=named)
def test_other_methods_are_refused(
    addresses: dict[Place, str], administrator: Person, place: Place, method: str
) -> None:
    assert ask(administrator, method, addresses[place]).status_code == NOT_ALLOWED


@pytest.mark.parametrize("place", [place for place in PLACES if not place.posts], ids=named)
def test_a_page_that_only_shows_takes_no_post(addresses: dict[Place, str], administrator: Person, place: Place) -> None:
    assert ask(administrator, "post", addresses[place]).status_code == NOT_ALLOWED


@pytest.mark.parametrize("place", [place for place in PLACES if place.posts], ids=named)
def test_a_post_without_the_token_is_refused(addresses: dict[Place, str], administrator: Person, place: Place) -> None:
    before = everything()
    answer = browser_of(administrator, enforce_csrf_checks=True).post(addresses[place])
    assert answer.status_code == FORBIDDEN
    assert everything() == before


@pytest.mark.parametrize("name", ["login", "logout", "set_language", "set_theme"])
def test_the_forms_around_the_panel_need_the_token_too(administrator: Person, name: str) -> None:
    assert browser_of(administrator, enforce_csrf_checks=True).post(reverse(name)).status_code == FORBIDDEN


def test_an_operator_may_start_and_not_delete(addresses: dict[Place, str], otto: Person) -> None:
    by_name = {named(place): url for place, url in addresses.items()}
    Operation.objects.all().delete()
    assert ask(otto, "post", by_name["vms:action/vm/delete"]).status_code == FORBIDDEN
    assert ask(otto, "get", by_name["vms:action/vm/delete"]).status_code == FORBIDDEN
    assert ask(otto, "post", by_name["vms:action/vm/start"], **{"HX-Request": "true"}).status_code == 202


@pytest.mark.parametrize("name", ["dynamic", "no-such-thing", "START"])
def test_an_action_that_is_not_built_is_not_there(vm: Vm, administrator: Person, name: str) -> None:
    for method in ("get", "post"):
        assert ask(administrator, method, f"/vms/{vm.pk}/{name}/").status_code == 404


def test_an_unknown_machine_is_not_there(administrator: Person) -> None:
    for path in (f"/vms/{uuid4()}/", f"/vms/{uuid4()}/start/", "/vms/nonsense/", "/nodes/99/", "/operations/99/"):
        assert ask(administrator, "get", path).status_code == 404


def test_rows_of_others_are_left_out(add_vm: AddVm, nobody: Person, administrator: Person) -> None:
    url = f"/vms/rows/?id={add_vm().pk}&id={uuid4()}&id=nonsense&open=x"
    assert "web1" not in ask(nobody, "get", url).content.decode()
    assert ask(administrator, "get", url).content.decode().count("<tbody") == 1


def test_only_who_manages_machines_writes_tags_and_notes(
    addresses: dict[Place, str], otto: Person, anna: Person
) -> None:
    vm = Vm.objects.get(display_name="web1")
    for name, words in (("vms:tags", {"vm": str(vm.pk), "add": "new"}), ("vms:notes/vm", {"notes": "new"})):
        url = next(url for place, url in addresses.items() if named(place) == name)
        before = everything()
        assert browser_of(otto).post(url, words).status_code == FORBIDDEN
        assert everything() == before
        assert browser_of(anna).post(url, words).status_code == FOUND
        assert everything() != before


@pytest.mark.parametrize("name", ["bulk:page/bulk", "bulk:rows/bulk"])
def test_a_bulk_action_is_shown_to_who_asked_for_it(addresses: dict[Place, str], nobody: Person, name: str) -> None:
    url = next(url for place, url in addresses.items() if named(place) == name)
    Bulk.objects.update(requested_by=nobody)
    answer = ask(nobody, "get", url)
    assert answer.status_code == 200
    assert "web1" not in answer.content.decode()
