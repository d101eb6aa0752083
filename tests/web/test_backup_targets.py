"""The folders for backups, as people look at them, add, change and remove them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import AuditLine, Backup, BackupSchedule, BackupTarget, Node, StoragePool, Vm
from vms.rules.audit import Outcome, Request
from vms.rules.backups import BackupState

MIB, GIB = 1024**2, 1024**3
LIST, ADD = "/backups/targets/", "/backups/targets/add/"


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def pools(node: Node, second_node: Node) -> None:
    for each in (node, second_node):
        StoragePool.objects.create(
            node=each, name="vault", folder="/srv/vault/", shared=True, capacity=10 * GIB, free=3 * GIB
        )
    StoragePool.objects.create(node=node, name="default", folder="/srv/images", capacity=10 * GIB, free=GIB)


@pytest.fixture
def target(pools: None) -> BackupTarget:
    return BackupTarget.objects.create(name="nightly", folder="/srv/vault", limit=20 * MIB)


def backup(vm: Vm, target: BackupTarget, stem: str, **fields: Any) -> Backup:
    fields = {"state": BackupState.GOOD, "machine_name": vm.name, **fields}
    return Backup.objects.create(vm=vm, target=target, stem=stem, **fields)


def html(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def error(browser: Client, url: str, **values: Any) -> str:
    """What is said of a form that is not taken."""
    answer = browser.post(url, values)
    assert answer.status_code == 422
    return " ".join(each for errors in answer.context["form"].errors.values() for each in errors)


# --- looking ------------------------------------------------------------------------------------------


def test_without_a_target_the_page_says_what_one_is(browser: Client, auditor: Person) -> None:
    assert "As long as there is none, nothing can be backed up." in html(browser, LIST)
    assert f'href="{ADD}"' in html(browser, LIST)
    assert ADD not in html(browser_of(auditor), LIST)


def test_a_target_tells_which_nodes_have_it_how_full_it_is_and_what_lies_there(
    browser: Client, target: BackupTarget, vm: Vm
) -> None:
    for number in range(3):
        backup(vm, target, f"b{number}", size=GIB)
    backup(vm, target, "half", state=BackupState.MAKING)
    (row,) = browser.get(LIST).context["rows"]
    (place,) = row.places
    assert [node.name for node in place.nodes] == ["alpha", "beta"]
    assert (place.pool.use, place.pool.percent, place.pool.reach) == ("7 GiB of 10 GiB", 70, "shared")
    assert (row.stored.text, row.stored.machines, row.stored.size) == ("3 backups", "of 1 machine", "3 GiB")
    assert (row.limit, row.problem) == ("20 MiB/s", "")
    page = html(browser, row.url)
    assert f'href="{row.backups_url}"'.replace("&", "&amp;") in page
    assert "No schedule makes its backups there." in page


def test_a_target_without_a_limit_has_that_of_the_panel(
    browser: Client, target: BackupTarget, settings: Settings
) -> None:
    BackupTarget.objects.update(limit=0)
    assert "as fast as possible" in html(browser, LIST)
    settings.BACKUP_LIMIT = 7
    assert browser.get(LIST).context["rows"][0].limit == "7 MiB/s"


def test_a_folder_that_nodes_do_not_share_is_another_one_on_each(
    browser: Client, node: Node, second_node: Node
) -> None:
    for each in (node, second_node):
        StoragePool.objects.create(node=each, name="local", folder="/srv/here", capacity=4 * GIB, free=GIB)
    target = BackupTarget.objects.create(name="here", folder="/srv/here")
    places = browser.get(f"{LIST}{target.pk}/").context["target"].places
    assert [[node.name for node in place.nodes] for place in places] == [["alpha"], ["beta"]]
    assert {place.pool.reach for place in places} == {"local"}
    assert [place.use for place in places] == ["alpha: 3 GiB of 4 GiB", "beta: 3 GiB of 4 GiB"]


def test_a_target_that_no_node_has_says_so(browser: Client, target: BackupTarget) -> None:
    Node.objects.update(reachable=False)
    assert "out of reach" in html(browser, LIST)
    assert "can be reached now" in html(browser, f"{LIST}{target.pk}/")
    StoragePool.objects.all().delete()
    assert "on no node" in html(browser, LIST)
    assert "No node has a storage pool with the folder /srv/vault any more." in html(browser, f"{LIST}{target.pk}/")


def test_a_list_of_targets_asks_as_much_for_ten_as_for_one(browser: Client, target: BackupTarget, vm: Vm) -> None:
    backup(vm, target, "one")
    html(browser, LIST)
    with CaptureQueriesContext(connection) as one:
        html(browser, LIST)
    for number in range(9):
        more = BackupTarget.objects.create(name=f"more{number}", folder=f"/srv/{number}")
        backup(vm, more, f"more{number}")
        BackupSchedule.objects.create(name=f"s{number}", target=more)
    with CaptureQueriesContext(connection) as ten:
        assert html(browser, LIST).count("<tbody") == 10
    assert len(ten) == len(one)


def test_targets_are_searched_by_name_and_folder(browser: Client, target: BackupTarget) -> None:
    BackupTarget.objects.create(name="other", folder="/mnt/tape")
    assert [row.name for row in browser.get(f"{LIST}?q=tape").context["rows"]] == ["other"]
    assert [row.name for row in browser.get(f"{LIST}?q=NIGHT").context["rows"]] == ["nightly"]
    assert "Nothing found" in html(browser, f"{LIST}?q=nowhere")


# --- adding and changing --------------------------------------------------------------------------------


@pytest.mark.usefixtures("pools")
def test_a_folder_of_a_pool_becomes_a_target(browser: Client) -> None:
    assert "/srv/vault (alpha, beta), 3 GiB free" in html(browser, ADD)
    answer = browser.post(ADD, {"name": " nightly ", "folder": "/srv/vault", "limit": "20"}, follow=True)
    made = BackupTarget.objects.get()
    assert (made.name, made.folder, made.limit) == ("nightly", "/srv/vault", 20 * MIB)
    assert answer.redirect_chain[-1][0] == f"{LIST}{made.pk}/"
    assert "Backups can be made to nightly now." in answer.content.decode()
    assert "/srv/vault (" not in html(browser, ADD)


def test_without_a_folder_to_choose_the_page_says_what_is_needed(browser: Client, node: Node) -> None:
    assert "Define a storage pool on a node" in html(browser, ADD)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "NIGHTLY", "folder": "/srv/images"}, "There is a target with this name already."),
        ({"name": "other", "folder": "/srv/vault"}, "No node has a storage pool with this folder now."),
        ({"name": "other", "folder": "/etc"}, "No node has a storage pool with this folder now."),
        ({"name": "", "folder": "/srv/images"}, "This field is required."),
        ({"name": "other", "folder": "/srv/images", "limit": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_a_new_target_is_said(
    browser: Client, target: BackupTarget, values: dict[str, str], said: str
) -> None:
    assert said in error(browser, ADD, **values)
    assert BackupTarget.objects.count() == 1


def test_a_target_gets_another_name_limit_and_folder(browser: Client, target: BackupTarget) -> None:
    url = f"{LIST}{target.pk}/"
    answer = browser.post(url, {"name": "vault", "folder": "/srv/images", "limit": ""})
    assert (answer.status_code, answer["Location"]) == (302, url)
    target.refresh_from_db()
    assert (target.name, target.folder, target.limit) == ("vault", "/srv/images", 0)


def test_a_target_with_backups_keeps_its_folder(browser: Client, target: BackupTarget, vm: Vm) -> None:
    backup(vm, target, "one")
    url = f"{LIST}{target.pk}/"
    assert "It cannot be changed while there are backups in it." in html(browser, url)
    browser.post(url, {"name": "vault", "folder": "/srv/images", "limit": "5"})
    target.refresh_from_db()
    assert (target.name, target.folder, target.limit) == ("vault", "/srv/vault", 5 * MIB)


def test_a_target_that_no_node_has_any_more_can_still_be_renamed(browser: Client, target: BackupTarget) -> None:
    StoragePool.objects.all().delete()
    browser.post(f"{LIST}{target.pk}/", {"name": "lost", "folder": "/srv/vault"})
    assert BackupTarget.objects.get().name == "lost"


# --- removing -------------------------------------------------------------------------------------------


def test_a_target_that_nothing_needs_is_removed(browser: Client, target: BackupTarget) -> None:
    url = f"{LIST}{target.pk}/remove/"
    assert "No backup is made to /srv/vault any more." in html(browser, url)
    answer = browser.post(url, follow=True)
    assert "nightly was removed. Its folder stays as it is." in answer.content.decode()
    assert not BackupTarget.objects.exists()


def test_the_page_of_a_target_that_was_removed_leads_to_the_list(browser: Client, target: BackupTarget) -> None:
    url = f"{LIST}{target.pk}/"
    BackupTarget.objects.all().delete()
    answer = browser.get(url, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert "is not there any more" not in html(browser, LIST)
    assert "This target for backups is not there any more." in browser.get(url, follow=True).content.decode()


def test_a_target_with_backups_or_schedules_is_not_removed(browser: Client, target: BackupTarget, vm: Vm) -> None:
    url = f"{LIST}{target.pk}/remove/"
    BackupSchedule.objects.create(name="every night", target=target)
    assert "1 schedule makes its backups here." in html(browser, url)
    backup(vm, target, "one")
    backup(vm, target, "two")
    assert "There are 2 backups in this target. Delete them first." in html(browser, url)
    answer = browser.post(url, follow=True)
    assert "There are 2 backups in this target. Delete them first." in answer.content.decode()
    assert BackupTarget.objects.exists()


# --- who may --------------------------------------------------------------------------------------------


def test_who_may_not_manage_nodes_only_looks(auditor: Person, target: BackupTarget) -> None:
    browser, url = browser_of(auditor), f"{LIST}{target.pk}/"
    page = html(browser, url)
    assert "20 MiB/s" in page
    assert '<form class="form"' not in page
    assert f"{url}remove/" not in page
    for each in (url, ADD, f"{url}remove/"):
        assert browser.post(each, {"name": "x"}).status_code == 403


def test_who_is_told_nothing_of_nodes_sees_no_target(nobody: Person, target: BackupTarget) -> None:
    browser = browser_of(nobody)
    assert {browser.get(url).status_code for url in (LIST, ADD, f"{LIST}{target.pk}/")} == {403}


def test_the_audit_trail_tells_who_did_what(browser: Client, target: BackupTarget) -> None:
    browser.post(f"{LIST}{target.pk}/", {"name": "vault", "folder": "/srv/vault"})
    browser.post(f"{LIST}{target.pk}/remove/")
    told = AuditLine.objects.order_by("pk").values_list("request", "outcome", "person_name")
    assert list(told)[-2:] == [
        (Request.CHANGE_TARGET, Outcome.ACCEPTED, "ada"),
        (Request.REMOVE_TARGET, Outcome.ACCEPTED, "ada"),
    ]


# --- the way there --------------------------------------------------------------------------------------


def test_tabs_lead_to_what_somebody_may_see(browser: Client, nobody: Person) -> None:
    page = html(browser, LIST)
    for name in ("list", "schedules", "targets"):
        assert f'class="facet" href="{reverse(f"backups:{name}")}"' in page
    assert f'href="{LIST}" aria-current="page"' in page
    seen = html(browser_of(nobody), reverse("backups:list"))
    assert 'class="facet" href="/backups/' not in seen


def test_removing_a_node_tells_how_many_backups_nobody_can_read_any_more(
    browser: Client, node: Node, second_node: Node, target: BackupTarget, vm: Vm
) -> None:
    StoragePool.objects.create(node=second_node, name="local", folder="/srv/here")
    here = BackupTarget.objects.create(name="here", folder="/srv/here")
    url = f"/nodes/{second_node.pk}/remove/"
    backup(vm, target, "shared", node=second_node)
    assert "forgotten too" not in html(browser, url)
    backup(vm, here, "lost", node=second_node)
    assert "1 backup that no other node can reach is forgotten too. Its files stay where they are." in html(
        browser, url
    )
    browser.post(url)
    assert [each.stem for each in Backup.objects.all()] == ["shared"]


def test_how_old_the_newest_backup_is(browser: Client, target: BackupTarget, add_vm: AddVm) -> None:
    made = timezone.now()
    backup(add_vm(), target, "one", made_at=made)
    (row,) = browser.get(LIST).context["rows"]
    assert row.stored.newest == made
