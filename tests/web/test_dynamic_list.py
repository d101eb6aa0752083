"""The page of dynamic VMs: who has which, on which golden image, of which pool; and pools on the other lists."""

from __future__ import annotations

import csv
import io
from http import HTTPStatus

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.web.conftest import browser_of
from tests.web.pools import Desks, desks
from vms.models import Bulk, ChosenColumns, Grant, Node, SavedView, Vm, VmPool
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.rights import Right
from vms.web.lists.machine_columns import machine_list
from vms.web.lists.machine_filters import Filters

__all__ = ["desks"]

DESKS = "/dynamic/"


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == HTTPStatus.OK
    return " ".join(answer.content.decode().split())


def found(query: str, kind: Kind = Kind.DYNAMIC) -> set[str]:
    return {vm.name for vm in Filters.asked(QueryDict(query), kind, sees_nodes=True).found(Vm.objects.present())}


def names(page: str) -> list[str]:
    return [name for name in ("desk-1", "desk-2", "desk-3", "web") if f">{name}</a>" in page]


def test_an_empty_page_leads_to_the_pools(browser: Client, node: Node) -> None:
    page = text(browser, DESKS)
    assert "No dynamic VMs now" in page
    assert "Dynamic VMs come from a pool" in page
    assert 'href="/pools/">To the pools</a>' in page
    assert "Nothing found" in text(browser, f"{DESKS}?q=x")


def test_it_says_who_has_which_on_which_image_of_which_pool(browser: Client, add_vm: AddVm, desks: Desks) -> None:
    add_vm("web")
    page = text(browser, DESKS)
    assert names(page) == ["desk-1", "desk-2", "desk-3"]
    for heading in ("Assigned to", "Golden image", "Pool", "Node"):
        assert f"{heading}</a></th>" in page
    assert "Last good backup" not in page
    assert f'<a href="/pools/{desks.pool.pk}/">Class 3b</a>' in page
    assert f'<a href="/vms/{desks.image.pk}/">win-1</a>' in page
    assert '">anna</span>' in page
    assert '">somebody whose account was deleted</span>' in page
    assert '<span class="quiet">free</span>' in page
    assert 'aria-current="page"' in page.partition('href="/dynamic/"')[2][:30]


def test_it_has_a_place_in_the_navigation_with_a_count(
    browser: Client, desks: Desks, nobody: Person, auditor: Person
) -> None:
    shown = 'Dynamic VMs</span><span class="side__count">3</span>'
    assert shown in text(browser, "/vms/")
    assert shown in text(browser_of(auditor), "/vms/")
    assert 'href="/dynamic/"' not in text(browser_of(nobody), "/vms/")


@pytest.mark.usefixtures("desks")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("held=assigned", {"desk-1", "desk-3"}),
        ("held=free", {"desk-2"}),
        ("pool=Class+3b", {"desk-1", "desk-2", "desk-3"}),
        ("pool=Other", set()),
        ("image=win-1&held=free", {"desk-2"}),
        ("image=win-0", set()),
        ("q=anna", {"desk-1"}),
        ("q=3b", {"desk-1", "desk-2", "desk-3"}),
        ("node=alpha&status=Running&held=free", {"desk-2"}),
        ("backup=missing", {"desk-1", "desk-2", "desk-3"}),
    ],
)
def test_it_is_narrowed_down_by_pool_by_image_and_by_whether_somebody_has_it(query: str, expected: set[str]) -> None:
    assert found(query) == expected


def test_what_is_counted_is_what_is_found(browser: Client, desks: Desks, add_vm: AddVm) -> None:
    other = VmPool.objects.create(name="Other", kind=PoolKind.DYNAMIC)
    add_vm("other-1", kind=Kind.DYNAMIC, pool=other)
    counts = Filters.asked(QueryDict("held=free"), Kind.DYNAMIC, sees_nodes=True).counts(Vm.objects.present())
    assert counts.total == 2
    assert counts.values["held"] == {"assigned": 2, "free": 2}
    assert counts.values["pool"] == {"Class 3b": 1, "Other": 1}
    assert counts.values["image"] == {"win-1": 1, "": 1}
    assert "backup" not in counts.values
    page = text(browser, DESKS)
    assert '<a href="?held=assigned"><bdi>Assigned</bdi> <b>2</b></a>' in page
    assert '<a href="?image=win-1"><bdi>win-1</bdi> <b>3</b></a>' in page


@pytest.mark.parametrize("column", ["name", "status", "node", "pool", "assigned", "image", "memory"])
def test_it_is_sorted_by_every_column(browser: Client, desks: Desks, column: str) -> None:
    for sort in (column, f"-{column}"):
        assert len(names(text(browser, f"{DESKS}?sort={sort}"))) == 3


def test_the_first_by_person_is_one_that_somebody_has(browser: Client, desks: Desks) -> None:
    for sort in ("assigned", "-assigned"):
        page = text(browser, f"{DESKS}?sort={sort}")
        assert page.index(">desk-1</a>") < page.index(">desk-2</a>")


def test_columns_views_and_csv_are_its_own(browser: Client, administrator: Person, desks: Desks) -> None:
    browser.post("/lists/dynamic/columns/", {"column": ["assigned", "backup", "memory"]})
    assert ChosenColumns.objects.get(person=administrator, page="dynamic").columns == ["memory", "assigned"]
    browser.post("/lists/dynamic/views/save/", {"name": "Taken", "query": "held=assigned"})
    assert SavedView.objects.get().page == "dynamic"
    assert 'href="/dynamic/?held=assigned"' in text(browser, DESKS)
    assert "Dynamic VMs" in text(browser, "/lists/dynamic/views/")
    answer = browser.get("/lists/dynamic/csv/?held=assigned")
    answered = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it is streamed
    assert list(csv.reader(io.StringIO(answered))) == [
        ["No.", "Name", "Status", "Memory (MiB)", "Assigned to"],
        ["1", "desk-1", "Running", "", "anna"],
        ["2", "desk-3", "Running", "", "somebody whose account was deleted"],
    ]
    assert "Assigned to" not in {str(column.label) for column in machine_list(Kind.VM, administrator).columns.values()}


def test_a_row_comes_by_itself_with_the_same_columns(browser: Client, desks: Desks) -> None:
    address = browser.get(DESKS).context["rows_url"]
    row = text(browser, f"{address}&id={desks.taken.pk}")
    assert '">anna</span>' in row and "win-1" in row and "Class 3b" in row
    assert "<tbody" not in text(browser, address.replace("kind=dynamic", "kind=vm") + f"&id={desks.taken.pk}")


def test_only_what_the_table_allows_is_offered_for_many(browser: Client, desks: Desks) -> None:
    offered = browser.get(DESKS).context["bulk"]
    assert {button.action for button in offered.buttons} == {
        "start",
        "shutdown",
        "power_off",
        "pause",
        "reset",
        "delete",
    }
    assert offered.page == "dynamic"
    question = text(browser, "/bulk/?action=shutdown&page=dynamic&query=held%3Dassigned&all=1")
    assert "desk-1" in question and "desk-3" in question and "desk-2" not in question


def test_ticked_rows_are_asked_about_by_their_short_keys(browser: Client, desks: Desks) -> None:
    ticked = browser.get(DESKS).content.decode().partition('name="vm" value="')[2].partition('"')[0]
    question = browser.get(f"/bulk/?action=power_off&page=dynamic&query=&vm={ticked}&vm=nonsense&vm={'-' * 22}").context
    assert question["question"].number == 1
    browser.post(
        question["question"].url, {"key": question["question"].key, "seen": question["question"].seen, "typed": "1"}
    )
    assert [item.vm_id for item in Bulk.objects.get().items.all()] == [desks.taken.pk]


def test_a_row_offers_nothing_that_a_dynamic_vm_cannot(browser: Client, desks: Desks) -> None:
    page = text(browser, DESKS)
    assert "/shutdown/" in page and "/power-off/" in page and "/use/" in page
    for what in ("/migrate/", "/edit/", "/users/", "/groups/", "/back-up/", "/clone/", "/stream/"):
        assert what not in page.partition("<table")[2].partition("</table>")[0]


def test_people_see_their_own_only_and_no_pool(nobody: Person, anna: Person, desks: Desks) -> None:
    uma = person_with((), "uma")
    Grant.objects.create(pool=desks.pool, person=uma, right=Right.OPERATE)
    Vm.objects.filter(pk=desks.free.pk).update(assigned_to=uma, assigned_at=timezone.now())
    page = text(browser_of(uma), DESKS)
    assert names(page) == ["desk-2"]
    assert "My dynamic VMs" in page and "win-1" not in page and "anna" not in page and "alpha" not in page
    assert names(text(browser_of(uma), f"{DESKS}?held=free&pool=x&sort=assigned&q=anna")) == []
    assert names(text(browser_of(nobody), DESKS)) == []


@pytest.mark.parametrize(
    "url", [DESKS, "/dynamic/?held=free&pool=Class+3b&image=win-1&q=3b", "/vms/?q=a&pool=Class+3b"]
)
@pytest.mark.usefixtures("no_hypervisor")
def test_it_asks_the_same_number_of_questions_however_long_it_is(
    browser: Client, desks: Desks, add_vm: AddVm, administrator: Person, url: str
) -> None:
    ChosenColumns.objects.create(person=administrator, page="vms", columns=["pool", "tags", "addresses", "action"])
    counts = set()
    for more in (1, 9):
        for number in range(more):
            add_vm(f"desk-{more}-{number}", Power.RUNNING, kind=Kind.DYNAMIC, pool=desks.pool, origin=desks.image)
            add_vm(f"vm-{more}-{number}", pool=desks.pool)
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == HTTPStatus.OK
        counts.add(len(captured))
    assert len(counts) == 1
    assert counts.pop() <= 12


# --- pools on the other lists


@pytest.mark.parametrize(
    ("kind", "page", "key"), [(Kind.VM, "/vms/", "vms"), (Kind.TEMPLATE, "/templates/", "templates")]
)
def test_the_other_lists_have_pools_as_a_column_and_a_filter(
    browser: Client, add_vm: AddVm, kind: Kind, page: str, key: str
) -> None:
    pool = VmPool.objects.create(name="Servers")
    add_vm("web", kind=kind, pool=pool)
    add_vm("desk-1", kind=kind)
    assert "Servers</a>" not in text(browser, page).partition("<table")[2]
    assert '<a href="?pool=Servers"><bdi>Servers</bdi> <b>1</b></a>' in text(browser, page)
    browser.post(f"/lists/{key}/columns/", {"column": ["pool"]})
    assert f'<a href="/pools/{pool.pk}/">Servers</a>' in text(browser, page)
    assert names(text(browser, f"{page}?pool=Servers")) == ["web"]
    assert names(text(browser, f"{page}?q=servers")) == ["web"]
    assert "Pool: Servers" in text(browser, f"{page}?pool=Servers")


def test_dynamic_vms_are_not_among_the_others(browser: Client, desks: Desks, add_vm: AddVm) -> None:
    add_vm("web", pool=desks.pool)
    assert names(text(browser, "/vms/")) == ["web"]
    assert found("backup=missing", Kind.VM) == {"web"}
    assert names(text(browser, "/templates/")) == []
