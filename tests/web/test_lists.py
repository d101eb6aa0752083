"""The lists: few questions to the database, small pages, and an answer to every address somebody may type."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Node, Operation
from vms.rules.actions import Action
from vms.rules.power import Power

MOST_QUERIES = 12
MOST_BYTES = 112_000
LISTS = ["/vms/", "/templates/", "/nodes/", "/operations/", "/backups/targets/"]


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def queries_of(browser: Client, url: str) -> int:
    browser.get(url)  # what is remembered for the process has been asked for
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def fill(add_vm: AddVm, count: int) -> None:
    for number in range(count):
        vm = add_vm(f"web{number:03}", Power.RUNNING if number % 2 else Power.OFF, memory=2**30)
        if number % 10 == 1:
            Operation.objects.create(vm=vm, node=vm.node, action=Action.SHUTDOWN, slot="run", requested_by_name="anna")


@pytest.mark.broad
@pytest.mark.usefixtures("no_hypervisor")
@pytest.mark.parametrize("url", LISTS)
def test_a_list_asks_the_same_number_of_questions_however_long_it_is(browser: Client, add_vm: AddVm, url: str) -> None:
    counts = set()
    for more in (1, 9, 40):
        already = Operation.objects.count()
        for number in range(more):
            vm = add_vm(f"vm{already}-{more}-{number}")
            Operation.objects.create(vm=vm, node=vm.node, action=Action.START, slot="run")
        counts.add(queries_of(browser, url))
    assert len(counts) == 1
    assert counts.pop() <= MOST_QUERIES


@pytest.mark.broad
def test_fifty_rows_are_a_small_page(browser: Client, add_vm: AddVm) -> None:
    fill(add_vm, 60)
    for url in ("/vms/", "/operations/"):
        assert len(browser.get(url).content) <= MOST_BYTES
    page = browser.get("/vms/")
    assert page.content.count(b"<tbody") == 50
    assert b"1\xe2\x80\x9350" in page.content
    assert browser.get("/vms/?page=2").content.count(b"<tbody") == 10


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=-1", "page=99999999999999999999", "page=x", "page=", "page=1e3"),
        *("sort=unknown", "sort=-", "sort=--name", "sort=password", "sort=run"),
        *("q=%00", "q=%00%00a", "q=%", "q=_", "q=%27%3B--", "q=" + "a" * 10_000, "q=%F0%9F%90%A7", "q=%E0%A4%A"),
        *("open=x", "open=" + "x" * 5_000, "show=nothing", "mode=nothing", "q=a&q=b&page=1&page=2"),
    ],
)
def test_a_strange_address_gets_an_ordinary_page(browser: Client, add_vm: AddVm, url: str, query: str) -> None:
    add_vm()
    assert browser.get(f"{url}?{query}").status_code == 200


@pytest.mark.parametrize("url", ["/vms/rows/", "/nodes/rows/", "/operations/rows/"])
@pytest.mark.parametrize("query", ["", "id=", "id=x", "id=%00", "id=-1", "id=" + "9" * 40, "id=1&id=1&id=١"])
def test_rows_that_cannot_be_are_left_out(browser: Client, url: str, query: str) -> None:
    answer = browser.get(f"{url}?{query}")
    assert answer.status_code == 200
    assert b"<tbody" not in answer.content


def test_search_finds_every_word_in_some_field(browser: Client, add_vm: AddVm) -> None:
    add_vm("shop-web")
    add_vm("shop-db")
    add_vm("per_cent%")
    found = {
        query: browser.get("/vms/", {"q": query}).content.count(b"<tbody")
        for query in ("shop", "web shop", "SHOP alpha", "shop mail", "%", "_", "running")
    }
    assert found == {"shop": 2, "web shop": 1, "SHOP alpha": 2, "shop mail": 0, "%": 1, "_": 1, "running": 0}


def test_sorting_turns_and_stays_in_the_address(browser: Client, add_vm: AddVm) -> None:
    for name in ("b", "a", "c"):
        add_vm(name)
    page = browser.get("/vms/?sort=-name&q=&open=x").content.decode()
    assert page.index(">c</a>") < page.index(">b</a>") < page.index(">a</a>")
    assert 'aria-sort="descending"' in page
    assert 'href="?q=&amp;open=x&amp;sort=name"' in page


def test_pages_keep_what_was_searched_and_sorted(browser: Client, add_vm: AddVm) -> None:
    fill(add_vm, 51)
    page = browser.get("/vms/?q=web&sort=-name").content.decode()
    assert 'href="?q=web&amp;sort=-name&amp;page=2"' in page


def test_an_empty_list_says_what_to_do(browser: Client, db: None) -> None:
    assert "Add a node" in browser.get("/vms/").content.decode()
    Node.objects.create(name="alpha", uri="fake://alpha")
    assert "No virtual machines yet" in browser.get("/vms/").content.decode()
    assert "Nothing found" in browser.get("/vms/?q=x").content.decode()
