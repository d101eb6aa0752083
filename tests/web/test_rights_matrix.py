"""Every address x everybody: one table says who gets what, and nobody reads of machines that they were not given."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from directory.models import Person
from directory.roles import Role
from tests.conftest import AddVm
from tests.web.backups import taken
from tests.web.conftest import browser_of
from tests.web.places import OPEN_TO_ALL
from tests.web.rights_table import BODY, PEOPLE, QUERY, SECRETS, USERS, Line, lines
from tests.web.test_access import all_names
from vms.models import (
    BackupSchedule,
    BackupTarget,
    Bulk,
    BulkItem,
    ContactTest,
    Disk,
    Emptying,
    Event,
    Grant,
    Node,
    Operation,
    SavedView,
    StoredFile,
    Vm,
    VmPool,
)
from vms.rules.actions import Action
from vms.rules.emptying import State, Verdict
from vms.rules.kinds import Kind, Link
from vms.rules.moving import Move
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.rights import Right
from vms.rules.status import Second
from vms.rules.timeline import What

OF_OTHERS = frozenset({"theirs", "their_desk", "free_desk", "image", "their_pool", "mould_pool"})
"""Words of the table for what no user was given."""


@dataclass
class World:
    """What stands there, by the words of the table; and each person's own."""

    people: dict[str, Person]
    things: dict[str, Any]
    own: dict[str, dict[str, Any]]

    def address(self, line: Line, who: str) -> str:
        things = {**self.things, **self.own[who]}
        words = [things.get(word, word) for word in line.words]
        keys = {word: str(thing) for word, thing in things.items()}
        return reverse(line.name, args=words) + QUERY.get(line.name, "").format(**keys)


@pytest.fixture(autouse=True)
def _refusals_are_not_worth_a_line() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(add_vm: AddVm, node: Node) -> World:
    Node.objects.filter(pk=node.pk).update(name="secret-node", hostname="secret-node")
    people = _people()
    things = _machines(add_vm, people)
    things |= _pools(add_vm, people)
    things |= _other_things(people["administrator"], node)
    things |= {"backup": _backup(things, "vm"), "their_backup": _backup(things, "theirs")}
    _failed(things, "their_desk", None)
    own = {who: _own_things(who, person, things) | _own_desk(add_vm, who, person) for who, person in people.items()}
    return World(people, things, own)


def _people() -> dict[str, Person]:
    people = {who: Person.objects.create_user(who) for who in PEOPLE}
    for who, role in zip(PEOPLE[:3], (Role.ADMINISTRATOR, Role.OPERATOR, Role.AUDITOR), strict=True):
        people[who].take_role(role)
        people[who].save()
    return people


def _machines(add_vm: AddVm, people: dict[str, Person]) -> dict[str, Any]:
    template = add_vm("secret-template", kind=Kind.TEMPLATE, mode="ready for use")
    mine = add_vm("mine", Power.RUNNING, origin=template, link=Link.STREAMING)
    theirs = add_vm("secret-vm", origin=mine, link=Link.LINKED)
    gone, gone_of_others = add_vm("mine-gone"), add_vm("secret-gone")
    Vm.objects.filter(pk__in=[gone.pk, gone_of_others.pk]).update(deleted_at=timezone.now())
    other, moving = add_vm("strangers-own"), add_vm("moving", Power.RUNNING)
    Disk.objects.create(vm=mine, target="vda", device="disk", path="/secret-folder/mine.qcow2", made_by_panel=True)
    for what, values in ((What.FOUND, {"node": "secret-node"}), (What.STANDS_ALONE, {"template": "secret-template"})):
        Event.objects.create(what=what, vm=mine, node_id=mine.node_id, values=values)
    group = Group.objects.create(name="group")
    people["of_group"].groups.add(group)
    for vm in (mine, gone, template, moving):
        Grant.objects.create(vm=vm, person=people["uses"], right=Right.USE)
        Grant.objects.create(vm=vm, person=people["operates"], right=Right.OPERATE)
        Grant.objects.create(vm=vm, group=group, right=Right.OPERATE)
    Grant.objects.create(vm=other, person=people["stranger"], right=Right.OPERATE)
    return {
        "vm": mine.pk,
        "theirs": theirs.pk,
        "template": template.pk,
        "gone": gone.pk,
        "lost_gone": gone_of_others.pk,
        "moving": moving.pk,
        "move": _on_its_way(moving),
    }


def _pools(add_vm: AddVm, people: dict[str, Person]) -> dict[str, Any]:
    kinds = {"given": PoolKind.DYNAMIC, "secret-pool": PoolKind.DYNAMIC, "secret-pool-moulds": PoolKind.TEMPLATE}
    pool, theirs, moulds = (VmPool.objects.create(name=name, kind=kind) for name, kind in kinds.items())
    for each in (pool, moulds):
        Grant.objects.create(pool=each, person=people["uses"], right=Right.USE)
        Grant.objects.create(pool=each, person=people["operates"], right=Right.OPERATE)
        Grant.objects.create(pool=each, group=Group.objects.get(name="group"), right=Right.USE)
    image = add_vm("secret-image", kind=Kind.GOLDEN_IMAGE, pool=pool, mode="ready for use")
    VmPool.objects.filter(pk=pool.pk).update(active=image)
    somebody = Person.objects.create_user("somebody-with-a-desk")
    return {
        "pool": pool.pk,
        "their_pool": theirs.pk,
        "mould_pool": moulds.pk,
        "image": image.pk,
        "their_desk": _desk(add_vm, "secret-desk", pool, somebody),
        "free_desk": _desk(add_vm, "secret-desk-free", pool, None),
    }


def _desk(add_vm: AddVm, name: str, pool: VmPool, person: Person | None) -> UUID:
    had = {"assigned_to": person, "assigned_at": timezone.now()} if person else {}
    return add_vm(name, Power.RUNNING, kind=Kind.DYNAMIC, pool=pool, origin=pool.active, link=Link.LINKED, **had).pk


def _own_desk(add_vm: AddVm, who: str, person: Person) -> dict[str, Any]:
    return {"desk": _desk(add_vm, f"desk-of-{who}", VmPool.objects.get(name="given"), person)}


def _on_its_way(vm: Vm) -> int:
    move = Move(vm.node_id, vm.node_id, Way.LIVE, {"vda": "/secret-folder/moving.qcow2"}, post_copy=True)
    return Operation.objects.create(
        vm=vm,
        node=vm.node,
        action=Action.MIGRATE,
        slot="job",
        second=Second.MIGRATING,
        arguments=move.to_arguments(),
        measures={"stage": "memory", "memory": [1, 2], "rounds": 2},
    ).pk


def _other_things(administrator: Person, node: Node) -> dict[str, Any]:
    file = StoredFile.objects.create(name="a.iso", kind="iso", size=1, capacity=1, sha256="0" * 64, file_name="f")
    contact = ContactTest.objects.create(name="new", uri="test:///default", requested_by=administrator)
    Event.objects.create(what=What.NODE_REMOVED, values={"node": "secret-node", "key": 4711, "person": "ada"})
    local, group = Person.objects.create_user("somebody"), Group.objects.create(name="another")
    local.groups.add(group)
    emptying = Emptying.objects.create(
        node=node, state=State.CANCELLED, planned_at=timezone.now(), finished_at=timezone.now()
    )
    item = emptying.items.create(vm=Vm.objects.get(display_name="secret-vm"), place=0, verdict=Verdict.CANNOT)
    target = BackupTarget.objects.create(name="secret-target", folder="/secret-folder")
    schedule = BackupSchedule.objects.create(name="secret-schedule", target=target)
    things = {"file": file, "contact": contact, "node": node, "person": local, "group": group}
    keys = {word: thing.pk for word, thing in {**things, "target": target, "schedule": schedule}.items()}
    return {**keys, "emptying": emptying.pk, "emptying_item": item.pk}


def _backup(things: dict[str, Any], key: str) -> int:
    target = BackupTarget.objects.get(pk=things["target"])
    return taken(Vm.objects.get(pk=things[key]), target, evidence="secret-folder is away").pk


def _own_things(who: str, person: Person, things: dict[str, Any]) -> dict[str, Any]:
    """What the administrator asked for, what this person asked for, also of a machine that was taken away since."""
    bulk, item = _bulk(person, things)
    job = Operation.objects.filter(vm_id=things["vm"], slot="job").first() or Operation.objects.create(
        vm_id=things["vm"], node_id=things["node"], action=Action.STREAM, slot="job"
    )
    return {
        "operation": _failed(things, "vm", None),
        "own": _failed(things, "vm", person),
        "lost": _failed(things, "theirs", person),
        "job": job.pk,
        "bulk": bulk,
        "item": item,
        "panels_bulk": _bulk(None, things)[0],
        "view": SavedView.objects.create(person=person, page="vms", name=who, query="").pk,
    }


def _failed(things: dict[str, Any], key: str, by: Person | None) -> int:
    return Operation.objects.create(
        vm_id=things[key],
        node_id=things["node"],
        action=Action.START,
        slot="run",
        requested_by=by,
        progress=Progress.FAILED,
        problem=Problem.NO_SPACE,
        finished_at=timezone.now(),
        evidence="secret-folder is full",
    ).pk


def _bulk(by: Person | None, things: dict[str, Any]) -> tuple[int, int]:
    bulk = Bulk.objects.create(action=Action.START, requested_by=by, request_key=uuid4(), all_asked_at=timezone.now())
    items = [BulkItem.objects.create(bulk=bulk, vm_id=things[key], refusal="is_running") for key in ("vm", "theirs")]
    return bulk.pk, items[0].pk


def asked(browser: Client, method: str, url: str, body: dict[str, str] | None = None) -> tuple[str, str]:
    """Its mark, and all that was answered. Nothing of it stays."""
    with transaction.atomic():
        answer: HttpResponseBase = getattr(browser, method)(url, body or {})
        text = answer.getvalue().decode() if method == "get" or answer.status_code < 500 else ""
        transaction.set_rollback(True)
    assert answer.status_code < 500, url
    return {403: "-", 404: "0", 405: "."}.get(answer.status_code, "x"), text


def test_no_address_is_missing_in_the_table() -> None:
    assert {line.name for line in lines()} == all_names(get_resolver().url_patterns) - OPEN_TO_ALL - {"logout"}


@pytest.mark.broad
@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_gets_what_the_table_says(world: World, who: str) -> None:
    browser, column = browser_of(world.people[who]), PEOPLE.index(who)
    found, wanted = {}, {}
    for line in lines():
        url = world.address(line, who)
        for method, marks in (("get", line.get), ("post", line.post)):
            mark, text = asked(browser, method, url, BODY.get(line.name) if method == "post" else None)
            place = f"{method} {'/'.join((line.name, *line.words))}"
            found[place], wanted[place] = mark, marks[column]
            if who in USERS:
                assert not [secret for secret in SECRETS if secret in text], place
                assert not [thing for thing in OF_OTHERS if str(world.things[thing]) in text], place
    assert found == wanted


@pytest.mark.broad
@pytest.mark.parametrize("who", USERS)
def test_what_others_have_is_not_told_apart_from_what_does_not_exist(world: World, who: str) -> None:
    browser, missing = browser_of(world.people[who]), str(uuid4())
    for line, theirs in ((each, word) for each in lines() for word in each.words if word in OF_OTHERS):
        url = world.address(line, who)
        for method in ("get", "post"):
            gone = url.replace(str(world.things[theirs]), missing)
            assert bare(asked(browser, method, url)) == bare(asked(browser, method, gone)), url


def bare(answer: tuple[str, str]) -> tuple[str, str]:
    """Without what is another in every answer."""
    return answer[0], re.sub(r"\b[0-9A-Za-z]{64}\b|[0-9a-f-]{36}|\d+-\d+|\d\d:\d\d", "", answer[1])


@pytest.mark.broad
@pytest.mark.parametrize("who", USERS)
def test_no_question_to_a_list_finds_out_about_nodes_or_others(world: World, who: str) -> None:
    browser, opened = browser_of(world.people[who]), f"open={world.things['vm']}"
    for query in ("q=secret", "node=secret-node", "sort=node", "sort=-node", "status=Running", "show=done"):
        for url in (
            f"/vms/?{query}&{opened}",
            f"/lists/vms/csv/?{query}",
            f"/operations/?{query}",
            f"/search/?{query}",
        ):
            text = asked(browser, "get", url)[1].replace(query, "").replace('value="secret-node"', "")
            assert not [secret for secret in SECRETS if secret in text], url
            assert str(world.things["theirs"]) not in text, url


def test_a_user_finds_the_own_machines_and_no_node_among_the_questions(world: World) -> None:
    page = browser_of(world.people["uses"]).get("/vms/?node=nowhere").content.decode()
    assert "My virtual machines" in page and ">mine<" in page
    assert 'data-label="Node"' not in page and "/nodes/" not in page and "/templates/" not in page


def test_whoever_has_no_machine_yet_is_told_what_to_do(nobody: Person) -> None:
    page = browser_of(nobody).get("/vms/").content.decode()
    assert "Nobody has given you a machine yet" in page
    assert "<table" not in page


def test_what_one_may_not_do_here_is_off_and_says_so_and_hidden_from_who_may_nowhere(
    world: World, add_vm: AddVm
) -> None:
    uses = world.people["uses"]
    Vm.objects.filter(assigned_to=uses).update(assigned_to=None)
    assert 'class="i-play"' not in browser_of(uses).get("/vms/").content.decode()
    Grant.objects.create(vm=add_vm("operated"), person=uses, right=Right.OPERATE)
    page = browser_of(uses).get("/vms/").content.decode()
    row = page[page.index(f'id="vm-{world.things["vm"]}"') :].partition("</tbody>")[0]
    assert row.count('popovertarget="not_permitted"') == 3
    assert "You may not do this on this machine." in page
    assert 'class="i-trash' not in page
