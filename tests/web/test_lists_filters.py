"""Narrowing a list of machines down: what is counted is what is found, and all of it stands in the address."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.web.conftest import browser_of
from vms.models import ChosenColumns, Interface, Node, Tag, Vm
from vms.rules.kinds import BACKED_UP, Kind
from vms.rules.power import Power, PowerReason
from vms.rules.status import Main, Second
from vms.web.lists.machine_columns import LIST
from vms.web.lists.machine_filters import DIMENSIONS, PILLS, TAG, Counts, Filters


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def machines(add_vm: AddVm, second_node: Node) -> dict[str, Vm]:
    """One of everything that can be told apart."""
    made = {
        "runs": add_vm("runs", Power.RUNNING),
        "off": add_vm("off"),
        "crashed": add_vm("crashed", Power.OFF, PowerReason.PROCESS_DIED, wanted="running"),
        "held": add_vm("held", Power.PAUSED, PowerReason.BY_REQUEST),
        "faulty": add_vm("faulty", Power.PAUSED, PowerReason.IO_ERROR, wanted="running"),
        "streams": add_vm("streams"),
        "golden": add_vm("golden", kind=Kind.TEMPLATE, mode="ready for use"),
        "no-mode": add_vm("no-mode", kind=Kind.TEMPLATE),
    }
    Vm.objects.filter(name="streams").update(second=Second.STREAMING, node=second_node)
    for name, of in (("production", ("runs", "off", "golden")), ("Web", ("runs",))):
        Tag.objects.create(name=name).vms.add(*(made[one] for one in of))
    return made


def found(query: str = "", kind: Kind = Kind.VM) -> set[str]:
    return {vm.name for vm in Filters.asked(QueryDict(query), kind, sees_nodes=True).found(Vm.objects.present())}


def counts(query: str = "", kind: Kind = Kind.VM) -> Counts:
    return Filters.asked(QueryDict(query), kind, sees_nodes=True).counts(Vm.objects.present())


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize("kind", DIMENSIONS)
@pytest.mark.parametrize(
    "query", ["", "q=a", "show=running", "status=Running&status=Stopped", "tag=web", "node=alpha&tag=production"]
)
def test_every_count_is_what_its_choice_finds(kind: Kind, query: str) -> None:
    counted = counts(query, kind)
    assert counted.total == len(found(query, kind))
    for key in ("", *PILLS):
        asked = QueryDict(query, mutable=True)
        asked["show"] = key
        assert counted.pills.get(key, 0) == len(found(asked.urlencode(), kind)), key
    for key in (*DIMENSIONS[kind], TAG):
        for value, count in counted.values[key].items():
            asked = QueryDict(query, mutable=True)
            asked[key] = value
            assert not value or count == len(found(asked.urlencode(), kind)), (key, value)


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("show=running", {"runs"}),
        ("show=busy", {"streams"}),
        ("show=attention", {"crashed", "faulty"}),
        ("status=Paused", {"held", "faulty"}),
        ("status=Paused&status=Crashed", {"held", "faulty", "crashed"}),
        ("second=streaming", {"streams"}),
        ("node=beta", {"streams"}),
        ("tag=WEB", {"runs"}),
        ("tag=web&tag=production", {"runs", "off"}),
        ("tag=production&show=stopped", {"off"}),
        ("node=nowhere", set()),
    ],
)
def test_answers_to_one_question_add_up_and_questions_narrow_down(query: str, names: set[str]) -> None:
    assert found(query) == names


@pytest.mark.usefixtures("machines")
def test_a_template_without_a_mode_counts_as_not_to_be_used() -> None:
    assert found("mode=do+not+use", Kind.TEMPLATE) == {"no-mode"}
    assert counts(kind=Kind.TEMPLATE).values["mode"] == {"ready for use": 1, "do not use": 1}


def test_what_may_be_out_of_date_is_found(machines: dict[str, Vm], second_node: Node) -> None:
    Node.objects.filter(pk=second_node.pk).update(reachable=False)
    machines["off"].mark_gone()
    assert found("stale=node") == {"streams"}
    assert found("stale=gone") == {"off"}


@pytest.mark.parametrize("kind", BACKED_UP)
def test_machines_without_a_good_backup_of_the_last_day_are_found(machines: dict[str, Vm], kind: Kind) -> None:
    now = timezone.now()
    for name, hours in (("runs", 23), ("off", 25), ("golden", 1)):
        Vm.objects.filter(name=name).update(last_backup_at=now - timedelta(hours=hours))
    all_of_them = {vm.name for vm in machines.values() if vm.kind == kind}
    assert found("backup=missing", kind) == all_of_them - {"runs", "golden"}
    assert counts(kind=kind).values["backup"]["missing"] == len(all_of_them) - 1
    assert found("backup=missing&status=Stopped") == {"off", "streams"}


def test_the_filter_of_backups_stands_on_the_page(browser: Client, add_vm: AddVm) -> None:
    add_vm()
    page = browser.get("/vms/?backup=missing").content.decode()
    assert "Backups: No good backup for 24 h" in page
    assert "<bdi>No good backup for 24 h</bdi> <b>1</b>" in page


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize("query", ["backup=x", "status=Bogus", "second=", "stale=x", "show=x", "tag=", "node=%00"])
def test_an_answer_that_nobody_knows_is_no_answer(query: str) -> None:
    assert found(query) == found()


@pytest.mark.parametrize(
    "word", ["10.0.3.27", "52:54:00:aa", "Debian", "guest-7", "PRODUCTION", "remember", "alpha", "MÜLLER"]
)
def test_a_word_is_found_wherever_it_stands(add_vm: AddVm, second_node: Node, word: str) -> None:
    add_vm("other")
    Vm.objects.update(node=second_node)
    vm = add_vm("this", notes="Remember müller", os_name="Debian 12", guest_hostname="guest-7")
    Interface.objects.create(vm=vm, position=0, source_type="network", mac="52:54:00:aa:bb:cc", addresses=["10.0.3.27"])
    Tag.objects.create(name="production").vms.add(vm)
    assert found(urlencode({"q": word})) == {"this"}


def test_a_machine_is_found_by_its_id_and_no_other_by_a_number(add_vm: AddVm) -> None:
    vm = add_vm("this")
    add_vm("other")
    assert found(f"q={vm.uuid}") == {"this"}
    assert found(f"q={str(vm.uuid)[:8]}") == {"this"}
    assert found("q=1") == set()


@pytest.mark.usefixtures("machines")
def test_a_status_is_found_in_the_words_of_the_reader() -> None:
    with translation.override("de"):
        word = str(translation.pgettext("status of a virtual machine", Main.CRASHED)).split()[0].lower()
        assert found(urlencode({"q": word})) >= {"crashed"}
    assert found("q=streaming") == {"streams"}


@pytest.mark.usefixtures("machines")
def test_what_is_set_can_be_taken_off_again(browser: Client) -> None:
    page = browser.get("/vms/?q=r&show=running&status=Running&tag=Web&sort=-name&page=3").content.decode()
    assert 'href="?q=r&amp;show=running&amp;status=Running&amp;sort=-name"><span class="name">Tag: Web</span>' in page
    assert 'href="?show=running&amp;status=Running&amp;tag=Web&amp;sort=-name"><span class="name">“r”</span>' in page
    assert 'href="?sort=-name">Clear all</a>' in page
    assert "Clear all" not in browser.get("/vms/?sort=-name").content.decode()


def test_the_search_keeps_the_filters(browser: Client, machines: dict[str, Vm]) -> None:
    page = browser.get("/vms/?status=Running&status=Paused&q=x").content.decode()
    for value in ("Running", "Paused"):
        assert f'<input type="hidden" name="status" value="{value}">' in page


@pytest.mark.parametrize("column", [key for key, column in LIST.columns.items() if column.order])
@pytest.mark.usefixtures("machines")
def test_every_column_can_be_sorted_by_both_ways(browser: Client, column: str) -> None:
    for sort in (column, f"-{column}"):
        assert browser.get(f"/vms/?sort={sort}").content.count(b"<tbody") == 6


def test_what_has_no_value_comes_last_both_ways(browser: Client, add_vm: AddVm) -> None:
    add_vm("a")
    add_vm("b", os_name="Alpine")
    add_vm("c", os_name="Debian")
    for sort, names in (("os", "bca"), ("-os", "cba")):
        page = browser.get(f"/vms/?sort={sort}").content.decode()
        assert sorted(names, key=lambda name: page.index(f">{name}</a>")) == list(names)


def test_the_size_of_a_page_is_remembered(browser: Client, add_vm: AddVm) -> None:
    for number in range(30):
        add_vm(f"web{number}")
    assert browser.get("/vms/?per=25").content.count(b"<tbody") == 25
    assert browser.get("/vms/").content.count(b"<tbody") == 25
    assert browser.get("/vms/?per=7").content.count(b"<tbody") == 25
    assert browser.get("/vms/?per=100").content.count(b"<tbody") == 30


def test_the_size_of_a_page_is_the_same_on_every_list(administrator: Person) -> None:
    for path, size in (("/nodes/", 25), ("/operations/", 100), ("/vms/", 25)):
        browser = browser_of(administrator)
        browser.get(f"{path}?per={size}")
        assert [browser.get(other).context["list"].per_page for other in ("/nodes/", "/operations/")] == [size, size]


@pytest.mark.usefixtures("machines")
def test_the_dearest_page_asks_twelve_questions_at_most(db: None) -> None:
    otto = person_with(("view_every_vm", "operate_vm", "view_node"), "otto")
    ChosenColumns.objects.create(person=otto, page="vms", columns=["tags", "addresses", "uptime", "backup"])
    browser = browser_of(otto)
    browser.get("/operations/bell/")  # that somebody is here is written down once a minute
    with CaptureQueriesContext(connection) as captured:
        page = browser.get("/vms/?q=r&tag=web&tag=production&status=Running&status=Stopped&show=running&backup=missing")
    assert page.content.count(b"<tbody") == 1
    assert len(captured) <= 12


def test_who_may_see_no_machine_counts_none(nobody: Person, machines: dict[str, Vm]) -> None:
    page = browser_of(nobody).get("/vms/").content.decode()
    assert "production" not in page
    assert ">runs<" not in page


def test_opening_a_row_keeps_the_search_the_page_and_the_other_rows(browser: Client, add_vm: AddVm) -> None:
    vm, other = add_vm("web1"), add_vm("web2")
    address = f"/vms/?q=web&sort=-name&page=1&open={other.uuid}"
    page = browser.get(address).content.decode().replace("&amp;", "&")
    assert f'href="?q=web&sort=-name&page=1&open={other.uuid}&open={vm.uuid}"' in page
    assert 'href="?q=web&sort=-name&page=1" aria-expanded="true"' in page
