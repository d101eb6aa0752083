"""Wherever machines are shown, dynamic VMs and golden images are known for what they are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import lxml.html
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.operations.freeing import plan_for
from tests.web.conftest import browser_of
from tests.web.pools import Desks, desks
from vms.models import AuditLine, BackupSchedule, BackupTarget, Grant, Node, Vm, VmPool
from vms.operations.auditing import about_vm
from vms.operations.departures import ended_by_their_pools, machines_of
from vms.operations.turns import machines_of as machines_of_schedule
from vms.rules.audit import Subject
from vms.rules.backups import Covers
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import COLUMNS
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.web.presenters.nodes import node_view

__all__ = ["desks"]


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == HTTPStatus.OK
    return " ".join(answer.content.decode().split())


def facts(browser: Client, vm: Vm) -> dict[str, tuple[str, str]]:
    found = browser.get(reverse("vms:page", args=[vm.pk])).context["row"].details.facts
    return {fact.label: (fact.value, fact.url) for fact in found}


# --- the page of one machine


def test_the_page_of_a_dynamic_vm_says_whose_it_is_and_on_what_it_stands(browser: Client, desks: Desks) -> None:
    said = facts(browser, desks.taken)
    assert said["Pool"] == ("Class 3b", f"/pools/{desks.pool.pk}/")
    assert said["Assigned to"][0].startswith("anna, since ")
    assert said["Golden image"] == ("win-1", f"/vms/{desks.image.pk}/")
    assert facts(browser, desks.free)["Assigned to"] == ("free", "")
    page = text(browser, f"/vms/{desks.taken.pk}/")
    assert 'href="/dynamic/">Dynamic VMs</a>' in page
    assert "<h2>Backups</h2>" not in page and "/stream/" not in page and "linked" not in page


def test_the_page_of_a_golden_image_says_what_stands_on_it(browser: Client, desks: Desks, add_vm: AddVm) -> None:
    said = facts(browser, desks.image)
    assert said["State"][0] == "sealed, active: the pool's next VMs come from it"
    assert said["Dynamic VMs on it"] == ("3", f"/dynamic/?{urlencode({'image': 'win-1'})}")
    page = text(browser, f"/vms/{desks.image.pk}/")
    assert f'href="/pools/{desks.pool.pk}/">Class 3b</a>' in page
    assert "desk-1" not in page and "<h2>Backups</h2>" not in page
    unsealed = add_vm("win-2", kind=Kind.GOLDEN_IMAGE, mode=Mode.MAINTENANCE, pool=desks.pool)
    assert facts(browser, unsealed)["State"][0] == "being prepared"
    assert '<span class="badge">being prepared</span>' in text(browser, f"/vms/{unsealed.pk}/")


def test_people_learn_of_their_own_vm_no_more_than_they_may(desks: Desks) -> None:
    uma = person_with((), "uma")
    Grant.objects.create(pool=desks.pool, person=uma, right=Right.USE)
    Vm.objects.filter(pk=desks.taken.pk).update(assigned_to=uma)
    said = facts(browser_of(uma), desks.taken)
    assert said["Pool"] == ("Class 3b", f"/pools/{desks.pool.pk}/")
    assert said["Assigned to"][0].startswith("uma, since ")
    assert "Golden image" not in said and "Node" not in said
    assert "My dynamic VMs" in text(browser_of(uma), f"/vms/{desks.taken.pk}/")
    assert browser_of(uma).get(f"/vms/{desks.free.pk}/").status_code == HTTPStatus.NOT_FOUND


def test_somebody_with_one_vm_of_a_pool_is_not_told_of_the_pool(add_vm: AddVm) -> None:
    vm, uma = add_vm("web", pool=VmPool.objects.create(name="Secret servers")), person_with((), "uma")
    Grant.objects.create(vm=vm, person=uma, right=Right.USE)
    for url in (f"/vms/{vm.pk}/", f"/vms/?open={vm.pk}&q=secret&pool=Secret+servers&sort=pool", "/vms/"):
        assert "Secret servers" not in browser_of(uma).get(url).content.decode().replace('value="Secret', "")


def test_opened_rows_ask_the_same_number_of_questions(browser: Client, desks: Desks) -> None:
    counts = []
    for machines in ((desks.taken,), (desks.taken, desks.free, desks.orphan)):
        url = "/dynamic/?" + "&".join(f"open={vm.pk}" for vm in machines)
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert "Golden image</dt>" in text(browser, url)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --- search


def test_search_finds_them_and_says_what_they_are(browser: Client, desks: Desks) -> None:
    found = {group.key: group for group in browser.get("/search/?q=class").context["groups"]}
    assert set(found) == {"dynamic", "golden_image"}
    assert (found["dynamic"].title, found["dynamic"].total) == ("Dynamic VMs", 3)
    assert found["dynamic"].all_url == "/dynamic/?q=class"
    assert found["dynamic"].results[0].note == "Class 3b · alpha"
    assert (found["golden_image"].title, found["golden_image"].all_url) == ("Golden images", "")
    assert text(browser, "/search/?q=class").count(">Show all<") == 1
    assert browser.get("/search/?q=desk-1", follow=True).status_code == HTTPStatus.OK


# --- the table of states


def test_the_page_of_states_has_four_tables(browser: Client) -> None:
    page: Any = lxml.html.fromstring(browser.get("/states/").content.decode())
    titles = [heading.text_content() for heading in page.xpath("//main//section/h2")]
    assert titles == ["Virtual machines", "Dynamic VMs", "VM templates", "Golden images"]
    for kind in Kind:
        (table,) = page.xpath(f"//section[@id='all-{kind}']//table")
        assert len(table.xpath(".//thead//th")) == 1 + len(COLUMNS[kind])
        assert table.xpath(f".//tr[@id='{kind}-running']")


def test_a_golden_image_has_a_table_for_each_of_its_states(browser: Client) -> None:
    def on(address: str) -> bool:
        page: Any = lxml.html.fromstring(browser.get(address).content.decode())
        (row,) = page.xpath("//tr[@id='golden_image-stopped']")
        return bool(row.xpath("./td")[COLUMNS[Kind.GOLDEN_IMAGE].index("start")].get("class") == "yes")

    assert not on("/states/")
    assert on("/states/?mode=maintenance+mode")
    assert "being prepared" in text(browser, "/states/") and "sealed" in text(browser, "/states/")


# --- nodes


def test_on_a_node_they_count_as_vms(browser: Client, desks: Desks, add_vm: AddVm, node: Node) -> None:
    add_vm("web", Power.RUNNING)
    view = node_view(node)
    assert [(part.text, part.count) for part in view.statuses] == [("Running", 4)]
    assert (view.dynamic_text, view.dynamic_url) == ("3 of them dynamic", "/dynamic/?node=alpha")
    assert "3 of them dynamic" in text(browser, "/nodes/") and "3 of them dynamic" in text(
        browser, f"/nodes/{node.pk}/"
    )


def test_before_a_maintenance_it_is_said_what_becomes_of_the_free_ones(
    browser: Client, desks: Desks, node: Node
) -> None:
    assert "1 dynamic VM that nobody has is not moved" in text(browser, f"/nodes/{node.pk}/duty/maintenance/")


def test_emptying_a_node_leaves_the_free_ones_to_their_pool(
    browser: Client, desks: Desks, node: Node, second_node: Node, administrator: Person
) -> None:
    assert set(machines_of(node)) == {desks.taken, desks.orphan, desks.image}
    assert set(ended_by_their_pools(node)) == {desks.free}
    emptying = plan_for(node, administrator)
    reasons = dict(emptying.items.values_list("vm__name", "refusal"))
    assert reasons == {"desk-1": Reason.IS_DYNAMIC, "desk-3": Reason.IS_DYNAMIC, "win-1": Reason.IS_GOLDEN_IMAGE}
    page = text(browser, f"/nodes/{node.pk}/emptying/{emptying.pk}/")
    assert "1 dynamic VM that nobody has is not moved: its pool ends it as soon as node alpha is in maintenance" in page
    assert "A dynamic VM is not moved. anna has had it since " in page
    assert "A dynamic VM is not moved. somebody whose account was deleted has had it since " in page
    assert "A golden image stays on its node." in page


# --- backups


def test_they_are_never_backed_up(browser: Client, desks: Desks, add_vm: AddVm) -> None:
    web, base = add_vm("web"), add_vm("base", kind=Kind.TEMPLATE)
    target = BackupTarget.objects.create(name="vault", folder="/srv/vault")
    schedule = BackupSchedule.objects.create(name="Nightly", covers=Covers.ALL, target=target)
    assert set(machines_of_schedule(schedule)) == {web, base}
    schedule.covers = Covers.CHOSEN
    schedule.machines.set([web, desks.taken, desks.image])
    assert set(machines_of_schedule(schedule)) == {web}
    choices = text(browser, reverse("backups:schedule_add"))
    assert str(web.pk) in choices and str(base.pk) in choices
    assert str(desks.taken.pk) not in choices and str(desks.image.pk) not in choices


# --- the audit trail


def test_the_audit_trail_tells_golden_images_apart(browser: Client, desks: Desks) -> None:
    assert about_vm(desks.image).subject == Subject.GOLDEN_IMAGE
    assert about_vm(desks.taken).subject == Subject.VM
    AuditLine.objects.create(
        request="start",
        outcome="accepted",
        subject=Subject.GOLDEN_IMAGE,
        subject_key=str(desks.image.pk),
        subject_name="win-1",
        person_name="anna",
    )
    page = text(browser, "/audit/")
    assert "Golden image" in page and f'href="/vms/{desks.image.pk}/"' in page


# --- the page of a pool


def test_the_page_of_a_pool_shows_its_machines(browser: Client, desks: Desks) -> None:
    machines = browser.get(f"/pools/{desks.pool.pk}/").context["machines"]
    assert [row.name for row in machines.rows] == ["desk-1", "desk-3", "desk-2"]
    assert machines.rows[0].holder.startswith("anna, since ")
    assert machines.all_url == "/dynamic/?pool=Class+3b"
    page = text(browser, f"/pools/{desks.pool.pk}/")
    assert page.count('id="tips"') == 1
    assert f'<tbody id="vm-{desks.taken.pk}" data-live>' in page


@pytest.mark.parametrize(
    ("pool_kind", "kind", "url"),
    [
        (PoolKind.PERSISTENT, Kind.VM, "/vms/?pool=Servers"),
        (PoolKind.TEMPLATE, Kind.TEMPLATE, "/templates/?pool=Servers"),
    ],
)
def test_other_pools_show_theirs(browser: Client, add_vm: AddVm, pool_kind: PoolKind, kind: Kind, url: str) -> None:
    pool = VmPool.objects.create(name="Servers", kind=pool_kind)
    assert "No machine belongs to this pool yet" in text(browser, f"/pools/{pool.pk}/")
    counts = []
    for number in (1, 11):
        for each in range(number):
            add_vm(f"web-{number}-{each:02}", kind=kind, pool=pool)
        browser.get(f"/pools/{pool.pk}/")
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(f"/pools/{pool.pk}/")
        counts.append(len(captured))
    machines = page.context["machines"]
    assert (len(machines.rows), machines.more, machines.total, machines.all_url) == (10, 2, 12, url)
    assert "All 12 in the list" in page.content.decode()
    assert counts[1] <= counts[0] + 1
