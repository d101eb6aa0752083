"""What people keep of a list: views, columns, tags, and its rows as CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import ChosenColumns, Interface, SavedView, Tag, Vm
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.web.lists.machine_columns import OPTIONAL, machine_list
from vms.web.presenters.cells import PLAIN_COLUMNS
from vms.web.views import csv as csv_view


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def rows_of_csv(browser: Client, url: str = "/lists/vms/csv/") -> list[list[str]]:
    answer = browser.get(url)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


# views


def test_a_view_is_saved_shown_renamed_and_deleted(browser: Client, anna: Person, add_vm: AddVm) -> None:
    add_vm()
    saved = browser.post("/lists/vms/views/save/", {"name": "My running", "query": "show=running&page=2&open=x"})
    assert saved.headers["Location"] == "/vms/?show=running"
    view = SavedView.objects.get(person=anna)
    assert (view.name, view.query, view.page) == ("My running", "show=running", "vms")
    page = browser.get("/vms/?show=running").content.decode()
    assert '<a href="/vms/?show=running" aria-current="true"><span class="name">My running</span></a>' in page
    assert "My running" not in browser.get("/templates/").content.decode()
    browser.post(f"/lists/vms/views/{view.pk}/rename/", {"name": "On"})
    assert "On" in browser.get("/lists/vms/views/").content.decode()
    browser.post(f"/lists/vms/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_the_same_name_replaces_a_view(browser: Client) -> None:
    for query in ("show=running", "show=stopped"):
        browser.post("/lists/vms/views/save/", {"name": "mine", "query": query})
    assert [view.query for view in SavedView.objects.all()] == ["show=stopped"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_view_needs_a_name_that_fits(browser: Client, name: str) -> None:
    browser.post("/lists/vms/views/save/", {"name": name, "query": ""})
    assert not SavedView.objects.exists()


def test_two_views_never_have_one_name(browser: Client, anna: Person) -> None:
    one, two = (SavedView.objects.create(person=anna, page="vms", name=name) for name in ("one", "two"))
    browser.post(f"/lists/vms/views/{one.pk}/rename/", {"name": "two"})
    assert {view.name for view in SavedView.objects.all()} == {"one", "two"}
    assert two.pk


def test_views_belong_to_one_person(browser: Client, berta: Person) -> None:
    view = SavedView.objects.create(person=berta, page="vms", name="hers", query="")
    assert browser.post(f"/lists/vms/views/{view.pk}/delete/").status_code == 404
    assert browser.post(f"/lists/vms/views/{view.pk}/rename/", {"name": "mine"}).status_code == 404
    assert "hers" not in browser.get("/lists/vms/views/").content.decode()


@pytest.mark.parametrize("url", ["/lists/nodes/views/", "/lists/x/csv/"])
def test_a_list_that_is_none_is_not_found(browser: Client, url: str) -> None:
    assert browser.get(url).status_code == 404


# columns


def test_chosen_columns_are_shown_in_the_order_of_the_list(browser: Client, anna: Person, add_vm: AddVm) -> None:
    vm = add_vm("web1", Power.RUNNING, os_name="Debian 12", vcpus=4, started_at=timezone.now())
    Interface.objects.create(vm=vm, position=0, source_type="network", addresses=["10.0.3.27", "fd00::1"])
    Tag.objects.create(name="<prod>").vms.add(vm)
    chosen = {"column": ["uptime", "tags", "os", "addresses", "vcpus", "nonsense"], "next": "/vms/?q=web"}
    assert browser.post("/lists/vms/columns/", chosen).headers["Location"] == "/vms/?q=web"
    assert ChosenColumns.objects.get(person=anna).columns == ["vcpus", "tags", "os", "addresses", "uptime"]
    page = browser.get("/vms/").content.decode()
    labels = ("vCPUs", "Tags", "OS", "Addresses", "Uptime")
    assert [page.index(f'data-label="{label}"') for label in labels] == sorted(
        page.index(f'data-label="{label}"') for label in labels
    )
    assert 'data-label="Memory"' not in page
    assert 'href="/vms/?tag=%3Cprod%3E">&lt;prod&gt;</a>' in page
    assert "<span>10.0.3.27</span><span>fd00::1</span>" in page
    row = browser.get(f"/vms/rows/?columns=vcpus,tags,os,addresses,uptime&id={vm.uuid}").content.decode()
    assert row.count("<td") == page.count("<td")


def test_the_last_good_backup_is_a_column_that_is_sorted_by(browser: Client, anna: Person, add_vm: AddVm) -> None:
    never, old, new = add_vm("never"), add_vm("old"), add_vm("new")
    for vm, hours in ((old, 50), (new, 2)):
        Vm.objects.filter(pk=vm.pk).update(last_backup_at=timezone.now() - timedelta(hours=hours))
    assert "Last good backup</a></th>" not in browser.get("/vms/").content.decode()
    browser.post("/lists/vms/columns/", {"column": ["backup"], "next": "/vms/"})
    assert "Last good backup</a></th>" in browser.get("/vms/").content.decode()
    row = browser.get(f"/vms/rows/?columns=backup&id={never.uuid}").content.decode()
    assert '<td class="num" data-label="Last good backup">never<' in row
    assert "data-relative" in browser.get(f"/vms/rows/?columns=backup&id={new.uuid}").content.decode()
    for sort, names in (("backup", ["old", "new", "never"]), ("-backup", ["new", "old", "never"])):
        assert [row.name for row in browser.get(f"/vms/?sort={sort}").context["rows"]] == names
    told = [row[-1] for row in rows_of_csv(browser, "/lists/vms/csv/?sort=backup")]
    assert [bool(moment) for moment in told] == [True, True, True, False]


def test_the_usual_columns_come_back(browser: Client, add_vm: AddVm) -> None:
    add_vm(memory=2**31)
    browser.post("/lists/vms/columns/", {})
    assert 'data-label="Memory"' not in browser.get("/vms/").content.decode()
    browser.post("/lists/vms/columns/", {"usual": "1"})
    page = browser.get("/vms/").content.decode()
    assert page.index('data-label="Memory">2 GiB') < page.index('data-label="Node"')


def test_an_answered_row_has_the_columns_of_the_page(browser: Client, add_vm: AddVm) -> None:
    vm = add_vm()
    browser.post("/lists/vms/columns/", {"column": ["os"]})
    answer = browser.post(f"/vms/{vm.uuid}/start/", headers={"HX-Request": "true"}).content.decode()
    assert 'data-label="OS"' in answer
    assert 'data-label="Memory"' not in answer


# tags


def test_tags_are_put_on_many_machines_and_taken_off(browser: Client, add_vm: AddVm) -> None:
    web, db = add_vm("web"), add_vm("db")
    both = {"vm": [str(web.pk), str(db.pk), "nonsense", str(uuid4())], "next": "/vms/"}
    browser.post("/vms/tags/", {**both, "add": "prod,  Very   old ,,PROD"})
    assert [tag.name for tag in web.tags.all()] == ["Very old", "prod"] == [tag.name for tag in db.tags.all()]
    browser.post("/vms/tags/", {"vm": str(web.pk), "add": "PROD", "remove": "VERY OLD"})
    assert [tag.name for tag in web.tags.all()] == ["prod"]
    browser.post("/vms/tags/", {**both, "remove": ["prod", "very old"]})
    assert not Tag.objects.exists()


@pytest.mark.parametrize("name", ["x" * 41, "a\u200bb", "a\x00b"])
def test_a_tag_that_nobody_could_type_again_is_refused(browser: Client, add_vm: AddVm, name: str) -> None:
    browser.post("/vms/tags/", {"vm": str(add_vm().pk), "add": name})
    assert not Tag.objects.exists()


def test_who_may_not_change_machines_may_not_tag_them(otto: Person, add_vm: AddVm) -> None:
    vm = add_vm()
    assert browser_of(otto).post("/vms/tags/", {"vm": str(vm.pk), "add": "mine"}).status_code == 403
    assert not Tag.objects.exists()


# CSV


def test_csv_has_what_the_list_finds_in_its_columns(browser: Client, add_vm: AddVm) -> None:
    add_vm("web", Power.RUNNING, memory=2**31)
    add_vm("db", memory=2**30)
    add_vm("golden", kind=Kind.TEMPLATE)
    assert rows_of_csv(browser, "/lists/vms/csv/?sort=-name") == [
        ["No.", "Name", "Status", "Memory (MiB)", "Node"],
        ["1", "web", "Running", "2048", "alpha"],
        ["2", "db", "Stopped", "1024", "alpha"],
    ]
    assert [row[1] for row in rows_of_csv(browser, "/lists/vms/csv/?show=running")[1:]] == ["web"]
    assert [row[1] for row in rows_of_csv(browser, "/lists/templates/csv/")[1:]] == ["golden"]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_is_never_a_formula(browser: Client, add_vm: AddVm, evil: str) -> None:
    vm = add_vm()
    Vm.objects.filter(pk=vm.pk).update(display_name=evil)
    assert rows_of_csv(browser)[1][1] == f"'{evil}"


def test_every_column_can_be_had_as_csv(browser: Client, anna: Person, add_vm: AddVm) -> None:
    vm = add_vm("web", Power.RUNNING, started_at=timezone.now(), os_name="Debian 12")
    Interface.objects.create(vm=vm, position=0, source_type="network", addresses=["10.0.3.27"])
    Tag.objects.create(name="a, b").vms.add(vm)
    ChosenColumns.objects.create(person=anna, page="vms", columns=list(OPTIONAL))
    heading, row = rows_of_csv(browser)
    columns = set(machine_list(Kind.VM, anna).columns) & PLAIN_COLUMNS
    assert len(heading) == len(row) == 1 + len(columns)
    assert {"a, b", "Debian 12", "10.0.3.27"} <= set(row)


def test_csv_comes_in_the_language_of_the_reader(browser: Client, add_vm: AddVm) -> None:
    add_vm("web", Power.RUNNING)
    browser.cookies["panel-language"] = "de"
    assert rows_of_csv(browser)[1][2] == "Läuft"


def test_csv_ends_somewhere(browser: Client, add_vm: AddVm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_view, "MOST_ROWS", 3)
    monkeypatch.setattr(csv_view, "ROWS_AT_ONCE", 2)
    for number in range(5):
        add_vm(f"web{number}")
    assert [row[1] for row in rows_of_csv(browser)] == ["Name", "web0", "web1", "web2"]


def test_who_may_see_no_machine_gets_an_empty_table(nobody: Person, add_vm: AddVm) -> None:
    add_vm()
    assert len(rows_of_csv(browser_of(nobody))) == 1


# search everywhere


def test_one_exact_hit_is_shown_at_once(browser: Client, add_vm: AddVm) -> None:
    vm = add_vm("web")
    add_vm("web-2")
    for text in ("WEB", str(vm.uuid)):
        assert browser.get("/search/", {"q": text}).headers["Location"] == f"/vms/{vm.uuid}/"


def test_more_than_one_hit_is_a_page_with_groups(administrator: Person, add_vm: AddVm) -> None:
    for number in range(12):
        add_vm(f"alpha-{number}")
    add_vm("golden", kind=Kind.TEMPLATE)
    page = browser_of(administrator).get("/search/?q=alph").content.decode()
    assert page.count("<li><a") == 8 + 1 + 1
    assert 'href="/vms/?q=alph"' in page
    assert 'href="/nodes/?q=alph"' in page


def test_the_search_shows_only_what_one_may_see(nobody: Person, add_vm: AddVm) -> None:
    add_vm("secret")
    browser = browser_of(nobody)
    for text in ("secret", "secr", "alpha", ""):
        page = browser.get("/search/", {"q": text})
        assert page.status_code == 200
        assert "<li><a" not in page.content.decode()
