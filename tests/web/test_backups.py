"""The list of all backups, and the page of one: what it shows, and what can be asked of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.backups import GIB, address, page_of, taken, target
from tests.web.conftest import browser_of
from tests.web.copying import browser, plain_text_of, text_of
from vms.models import Backup, BackupSchedule, BackupTarget, Grant, Node, Vm
from vms.rules.backups import BackupState, Consistency, Damage
from vms.rules.rights import Right

__all__ = ["browser", "target"]

LIST = "/backups/"
FOUND, CONFLICT, INVALID, FORBIDDEN, MISSING = 302, 409, 422, 403, 404

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def listed(browser: Client, query: str = "") -> list[str]:
    return [row.pk for row in browser.get(f"{LIST}{query}").context["rows"]]


def keys(*backups: Backup) -> list[str]:
    return [str(each.pk) for each in backups]


# --- the list -----------------------------------------------------------------------------------------


def test_each_says_what_it_is(browser: Client, vm: Vm, target: BackupTarget) -> None:
    whole = taken(vm, target, days_ago=2, checked_at=timezone.now(), kept=True)
    schedule = BackupSchedule.objects.create(name="nightly", target=target)
    taken(vm, target, below=whole, schedule=schedule, state=BackupState.DAMAGED, damage=Damage.MISSING, size=GIB // 2)
    newer, older = browser.get(LIST).context["rows"]
    assert (older.kind, older.size, older.took, older.state) == ("Whole", "1 GiB", "2:00 min", "Good")
    assert (older.consistency, older.by, older.target) == ("File systems at rest", "ada", "vault")
    assert older.is_kept and older.checked_text
    assert (newer.kind, newer.size, newer.state, newer.by) == ("Changes", "512 MiB", "Damaged", "nightly")
    assert newer.damage == "A file of this backup is missing."
    assert newer.by_url == reverse("backups:schedule", args=[schedule.pk])
    assert "not yet" in plain_text_of(browser.get(LIST))


def test_one_that_is_just_being_made_is_not_there(browser: Client, vm: Vm, target: BackupTarget) -> None:
    making = taken(vm, target, state=BackupState.MAKING)
    assert listed(browser) == []
    assert browser.get(address(making)).status_code == MISSING


def test_that_of_a_machine_that_was_deleted_stays(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    Vm.objects.update(deleted_at=timezone.now())
    (row,) = browser.get(LIST).context["rows"]
    assert row.vm_url == ""
    assert "why-restore" not in [button.key for button in page_of(browser, backup).buttons]


def test_whoever_deletes_a_machine_is_told_that_its_backups_stay(
    browser: Client, vm: Vm, target: BackupTarget, nobody: Person
) -> None:
    assert "backup" not in plain_text_of(browser.get(f"/vms/{vm.pk}/delete/")).partition("Delete web1?")[2]
    taken(vm, target)
    taken(vm, target, state=BackupState.MAKING)
    assert "Its 1 backup stays." in plain_text_of(browser.get(f"/vms/{vm.pk}/delete/"))
    Vm.objects.update(deleted_at=timezone.now())
    removed = browser.get(f"/vms/{vm.pk}/removed/")
    assert listed(browser, removed.context["backups"].url.removeprefix(LIST)) != []
    Grant.objects.create(vm=vm, person=nobody, right=Right.USE)
    assert browser_of(nobody).get(f"/vms/{vm.pk}/removed/").context["backups"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?show=good", "whole changes"),
        ("?show=damaged", "damaged"),
        ("?show=unverified", "changes damaged"),
        ("?show=kept", "whole"),
        ("?show=nonsense", "whole changes damaged"),
        ("?kind=changes", "changes"),
        ("?kind=changes&kind=whole", "whole changes damaged"),
        ("?consistency=off", "damaged"),
        ("?target=vault", "whole changes damaged"),
        ("?target=nowhere", ""),
        ("?node=beta", ""),
        ("?schedule=nightly", "changes"),
        ("?q=precious", "whole"),
        ("?q=nightly", "changes"),
        ("?q=web1+vault", "whole changes damaged"),
        ("?vm=nonsense", "whole changes damaged"),
    ],
)
def test_it_can_be_narrowed_down(browser: Client, vm: Vm, target: BackupTarget, query: str, found: str) -> None:
    schedule = BackupSchedule.objects.create(name="nightly", target=target)
    whole = taken(vm, target, days_ago=3, kept=True, checked_at=timezone.now(), notes="precious")
    changes = taken(vm, target, days_ago=2, below=whole, schedule=schedule)
    damaged = taken(vm, target, days_ago=1, state=BackupState.DAMAGED, consistency=Consistency.OFF)
    names = dict(zip(keys(whole, changes, damaged), ("whole", "changes", "damaged"), strict=True))
    assert [names[key] for key in reversed(listed(browser, query))] == found.split()


def test_each_choice_says_how_many_it_would_show(browser: Client, vm: Vm, target: BackupTarget) -> None:
    whole = taken(vm, target, kept=True)
    taken(vm, target, below=whole)
    taken(vm, target, state=BackupState.DAMAGED)
    filters = browser.get(f"{LIST}?show=good&kind=whole").context["filters"]
    assert [(pill.label, pill.count) for pill in filters.pills] == [
        *(("All", 2), ("Good", 1), ("Damaged", 1), ("Not verified yet", 2), ("Kept for good", 1))
    ]
    kind = next(menu for menu in filters.menus if menu.key == "kind")
    assert [(choice.label, choice.count) for choice in kind.choices] == [("Whole", 1), ("Changes", 1)]
    assert [chip.label for chip in filters.chips] == ["Good", "Kind: Whole"]


def test_one_machine_can_be_asked_for(browser: Client, add_vm: AddVm, target: BackupTarget) -> None:
    mail, web = add_vm("mail"), add_vm("web")
    mine = taken(mail, target)
    taken(web, target)
    answer = browser.get(f"{LIST}?vm={mail.pk}")
    assert [row.pk for row in answer.context["rows"]] == keys(mine)
    assert [chip.label for chip in answer.context["filters"].chips] == ["Machine: mail"]


@pytest.mark.parametrize(
    "column", ["made", "machine", "state", "kind", "size", "took", "consistency", "checked", "by", "target"]
)
def test_it_can_be_sorted_by_every_column(browser: Client, vm: Vm, target: BackupTarget, column: str) -> None:
    small = taken(vm, target, size=1, days_ago=1, finished_at=None)
    big = taken(vm, target, size=2, below=small, checked_at=timezone.now())
    assert {*listed(browser, f"?sort={column}")} == {*listed(browser, f"?sort=-{column}")} == {*keys(small, big)}
    assert listed(browser, "?sort=took") == keys(big, small)


def test_where_there_is_nothing_the_next_thing_to_do_is_said(browser: Client, auditor: Person, node: Node) -> None:
    assert "Add a target" in plain_text_of(browser.get(LIST))
    assert "Add a target" not in plain_text_of(browser_of(auditor).get(LIST))
    BackupTarget.objects.create(name="vault", folder="/srv/vault")
    assert "A machine is backed up with the button “Back up” beside it." in text_of(browser.get(LIST))
    assert "Nothing found" in plain_text_of(browser.get(f"{LIST}?q=nothing"))


def test_it_comes_as_a_spreadsheet_too(browser: Client, vm: Vm, target: BackupTarget) -> None:
    taken(vm, target)
    taken(vm, target, state=BackupState.DAMAGED)
    answer = browser.get("/backups/csv/?show=good")
    heading, line = b"".join(answer).decode("utf-8-sig").splitlines()
    assert heading == "Made,Machine,State,Kind,Size,Took,Consistency,Verified,By,Target"
    assert line.endswith(f"web1,Good,Whole,{GIB},120.0,File systems at rest,,ada,vault")


def test_rows_are_fetched_again_by_their_keys(browser: Client, vm: Vm, target: BackupTarget) -> None:
    first, _second = taken(vm, target), taken(vm, target)
    page = text_of(browser.get(f"{LIST}rows/?id={first.pk}&id=x"))
    assert page.count("<tbody") == 1
    assert f'data-live="backup:{first.pk}"' in page


def test_many_cost_as_many_queries_as_few(browser: Client, vm: Vm, add_vm: AddVm, target: BackupTarget) -> None:
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        return len(captured)

    schedule = BackupSchedule.objects.create(name="nightly", target=target)
    first = taken(vm, target, schedule=schedule)
    queries(LIST)  # what is only looked up once
    few = queries(LIST), queries(address(first))
    below = first
    for number in range(10):
        below = taken(vm, target, below=below)
        taken(add_vm(f"vm{number}"), target, schedule=schedule)
    assert (queries(LIST), queries(address(first))) == few


# --- whoever has only some machines -------------------------------------------------------------------


def test_a_user_sees_those_of_the_own_machines_and_nothing_of_nodes(
    nobody: Person, add_vm: AddVm, target: BackupTarget
) -> None:
    mine, theirs = taken(add_vm("mine"), target), taken(add_vm("theirs"), target)
    Grant.objects.create(vm=mine.vm, person=nobody, right=Right.OPERATE)
    browser = browser_of(nobody)
    assert listed(browser) == keys(mine)
    assert listed(browser, "?target=nowhere&node=nowhere&schedule=nowhere") == keys(mine)
    assert listed(browser, "?q=vault") == []
    assert browser.get(address(theirs)).status_code == MISSING
    page = text_of(browser.get(address(mine)))
    assert "/srv/vault" not in page and "alpha" not in page and ".qcow2" not in page
    assert page_of(browser, mine).buttons == []
    for name in ("check", "delete", "keep", "notes"):
        assert browser.post(address(mine, name), {"notes": "x"}).status_code == FORBIDDEN
        assert browser.post(address(theirs, name), {"notes": "x"}).status_code == MISSING
