"""The pages of pools: use against limits, what is ready and why nothing is, and the form in which one is made."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import AuditLine, BackupSchedule, BackupTarget, Grant, Network, Node, StoragePool, Vm, VmPool
from vms.rules.audit import Outcome, Request
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind

MIB, GIB = 1024**2, 1024**3
LIST, ADD = "/pools/", "/pools/add/"
SHARED, LOCAL = "/srv/shared", "/srv/images"


@pytest.fixture
def page(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def places(node: Node, second_node: Node) -> None:
    for each in (node, second_node):
        StoragePool.objects.create(node=each, name="shared", folder=f"{SHARED}/", shared=True)
        StoragePool.objects.create(node=each, name="default", folder=LOCAL)
        Network.objects.create(node=each, name="default")
    StoragePool.objects.create(node=node, name="extra", folder="/srv/extra")
    StoragePool.objects.create(node=node, name="vault", folder="/srv/vault", shared=True)
    BackupTarget.objects.create(name="vault", folder="/srv/vault")
    Network.objects.create(node=node, name="dmz")


def text(page: Client, address: str, **entered: Any) -> str:
    answer = page.get(address, entered)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def filled_in(**changes: Any) -> dict[str, Any]:
    usual = {"name": "Class", "kind": "persistent", "notes": "", "folder": "", "network": "", "schedule": ""}
    numbers = dict.fromkeys(("most_vms", "most_memory", "most_vcpus", "minimum", "pre_started", "memory", "vcpus"), "")
    times = {"idle_minutes": "", "longest_minutes": "", "warn_minutes": "5"}
    return {**usual, **numbers, **times, **changes}


def dynamic(**changes: Any) -> dict[str, Any]:
    return filled_in(kind="dynamic", **{"most_vms": "10", "folder": SHARED, **changes})


def url(pool: VmPool, more: str = "") -> str:
    return f"/pools/{pool.pk}/{more}"


# --- the list -----------------------------------------------------------------------------------------


def test_without_a_pool_the_list_says_what_one_is(page: Client, auditor: Person) -> None:
    assert "A pool says for several machines at once" in text(page, LIST) and f'href="{ADD}"' in text(page, LIST)
    assert ADD not in text(browser_of(auditor), LIST)


def test_the_list_shows_use_against_limits(page: Client, add_vm: AddVm, node: Node) -> None:
    limited = VmPool.objects.create(name="Class", most_vms=4, most_memory=4 * GIB)
    limited.nodes.add(node)
    VmPool.objects.create(name="Open")
    for number in range(3):
        add_vm(f"web{number}", pool=limited, memory=GIB, vcpus=2)
    shown = text(page, LIST)
    for words in ("3 of 4", "3 GiB of 4 GiB", "6, no limit", "0, no limit", ">alpha</a>", "every node"):
        assert words in shown
    assert 'value="75"' in shown
    assert "Nothing found" in text(page, LIST, q="nowhere")
    assert ">Open</a>" not in text(page, LIST, q="clas")
    for sort in ("name", "-name", "vms", "-vms"):
        names = [row.name for row in page.get(LIST, {"sort": sort}).context["rows"]]
        assert names == (["Open", "Class"] if sort in {"-name", "vms"} else ["Class", "Open"])


def test_the_number_of_queries_does_not_grow(
    page: Client, add_vm: AddVm, node: Node, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        kind = PoolKind.DYNAMIC if number % 2 else PoolKind.PERSISTENT
        pool = VmPool.objects.create(name=f"Class {number}", kind=kind, most_vms=5)
        pool.nodes.add(node)
        for at in range(3):
            add_vm(f"vm-{number}-{at}", kind=Kind.DYNAMIC if number % 2 else Kind.VM, pool=pool)
    for address, most in ((LIST, 14), (url(pool), 30), (url(pool, "edit/"), 18)):
        with django_assert_max_num_queries(most):
            page.get(address)


# --- one of them --------------------------------------------------------------------------------------


def test_the_page_says_what_the_pool_may_use(page: Client, node: Node, second_node: Node) -> None:
    pool = VmPool.objects.create(
        name="Class",
        most_vms=20,
        folder=SHARED,
        networks=["default", "dmz"],
        memory=2 * GIB,
        network="dmz",
        notes="Ours",
    )
    pool.nodes.add(node)
    shown = text(page, url(pool))
    for words in (
        "0 of 20",
        SHARED,
        "default, dmz",
        "2 GiB",
        "as its template",
        "Ours",
        "persistent VMs",
        ">alpha</a>",
    ):
        assert words in shown
    assert ">beta</a>" not in shown and "Switch off" not in shown and "pool-counts" not in shown


def test_one_that_was_removed_leads_to_the_others(page: Client) -> None:
    pool = VmPool.objects.create(name="Class")
    pool_url = url(pool)
    pool.delete()
    for more in ("", "edit/", "remove/"):
        gone = page.get(f"{pool_url}{more}", follow=True)
        assert gone.redirect_chain == [(LIST, 302)] and "not there any more" in gone.content.decode()


def test_it_is_switched_off_and_on(page: Client) -> None:
    pool = VmPool.objects.create(name="Class", kind=PoolKind.DYNAMIC, most_vms=3)
    assert "Pool Class is off" in page.post(url(pool, "switch/"), {"on": "no"}, follow=True).content.decode()
    assert "The pool is off" in text(page, url(pool)) and ">off</span>" in text(page, LIST)
    assert "was off already" in page.post(url(pool, "switch/"), {"on": "no"}, follow=True).content.decode()
    assert "Pool Class is on" in page.post(url(pool, "switch/"), {"on": "yes"}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("kind", "said"),
    [(Kind.VM, "1 machine still belongs to this pool"), (Kind.GOLDEN_IMAGE, "1 golden image still belongs")],
)
def test_it_is_removed_only_when_nothing_is_left(page: Client, add_vm: AddVm, kind: Kind, said: str) -> None:
    pool = VmPool.objects.create(name="Class")
    vm = add_vm(kind=kind, pool=pool)
    asked = text(page, url(pool, "remove/"))
    assert said in asked and "button--danger" not in asked
    assert said in page.post(url(pool, "remove/"), follow=True).content.decode()
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())
    assert "Remove pool Class?" in text(page, url(pool, "remove/"))
    assert page.post(url(pool, "remove/"))["Location"] == LIST
    assert VmPool.objects.count() == 0


def test_its_only_node_cannot_be_removed(page: Client, node: Node) -> None:
    VmPool.objects.create(name="Class").nodes.add(node)
    answer = page.post(f"/nodes/{node.pk}/remove/", follow=True).content.decode()
    assert "the pool Class has no other one" in answer and Node.objects.exists()


# --- the form -----------------------------------------------------------------------------------------


def test_a_pool_is_added_and_changed(page: Client, places: None, node: Node) -> None:
    entered = filled_in(
        nodes=[node.pk], folder=SHARED, networks=["default", "dmz"], most_vms="5", most_memory="8", memory="512",
        network="dmz",
    )  # fmt: skip
    answer = page.post(ADD, entered, follow=True)
    pool = VmPool.objects.get()
    assert answer.redirect_chain == [(url(pool), 302)] and "Pool Class was added" in answer.content.decode()
    assert (pool.most_vms, pool.most_memory, pool.memory, pool.networks) == (5, 8 * GIB, 512 * MIB, ["default", "dmz"])
    form = page.get(url(pool, "edit/")).context["form"]
    kept = {name: form[name].value() for name in ("nodes", "folder", "most_vms", "most_memory", "memory", "network")}
    expected = {"nodes": [node.pk], "folder": SHARED, "most_vms": 5, "most_memory": 8, "memory": 512, "network": "dmz"}
    assert kept == expected
    page.post(url(pool, "edit/"), filled_in(name="Room", kind="template"))
    pool.refresh_from_db()
    assert (pool.name, pool.kind, pool.most_vms, pool.nodes.count()) == ("Room", PoolKind.TEMPLATE, 0, 0)


def test_a_schedule_backs_up_all_but_what_is_thrown_away(page: Client, places: None) -> None:
    schedule = BackupSchedule.objects.create(name="Nightly", target=BackupTarget.objects.get())
    page.post(ADD, filled_in(schedule=schedule.pk))
    assert ">Nightly</a>" in text(page, url(VmPool.objects.get()))
    page.post(ADD, dynamic(name="Other", schedule=schedule.pk))
    assert VmPool.objects.get(name="Other").schedule is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "OTHER"}, "There is a pool with this name already"),
        ({"name": "a\u200bb"}, "invisible"),
        ({"kind": "any"}, "not one of the available choices"),
        ({"most_vms": "-1"}, "greater than or equal to 0"),
        ({"memory": "3"}, "at least 8 MiB"),
        ({"folder": "/srv/vault"}, "No node has a storage pool with this folder"),
        ({"networks": ["default"], "network": "dmz"}, "it is none of the networks ticked"),
        ({"nodes": ["beta"], "folder": "/srv/extra"}, "no storage pool with this folder: beta"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    page: Client, places: None, second_node: Node, wrong: dict[str, Any], said: str
) -> None:
    VmPool.objects.create(name="Other")
    if "nodes" in wrong:
        wrong = {**wrong, "nodes": [second_node.pk]}
    answer = page.post(ADD, filled_in(notes="Kept", most_vcpus="77", **wrong))
    shown = " ".join(answer.content.decode().split())
    assert (answer.status_code, VmPool.objects.count()) == (422, 1)
    assert said in shown and "Kept" in shown and 'value="77"' in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"most_vms": ""}, "Say how many VMs there may be at most"),
        ({"most_vms": "0"}, "Say how many VMs there may be at most"),
        ({"most_vms": "3", "minimum": "4"}, "enter 3 or less"),
        ({"most_vms": "3", "pre_started": "4"}, "enter 3 or less"),
        ({"idle_minutes": "5", "warn_minutes": "5"}, "enter less than 5 minutes"),
        ({"idle_minutes": "60", "longest_minutes": "10", "warn_minutes": "30"}, "enter less than 10 minutes"),
        ({"folder": ""}, "Choose a folder that all nodes of the pool share"),
        ({"folder": LOCAL}, "It is not shared on: alpha, beta."),
        ({"folder": "/srv/extra"}, "no storage pool with this folder: beta."),
    ],
)
def test_a_dynamic_pool_asks_for_more(page: Client, places: None, wrong: dict[str, Any], said: str) -> None:
    answer = page.post(ADD, dynamic(**wrong))
    assert (answer.status_code, VmPool.objects.count()) == (422, 0)
    assert said in " ".join(answer.content.decode().split())


@pytest.mark.parametrize("folder", ["", LOCAL, SHARED])
def test_on_one_node_any_folder_will_do(page: Client, places: None, node: Node, folder: str) -> None:
    page.post(ADD, dynamic(nodes=[node.pk], folder=folder, minimum="2", pre_started="1", idle_minutes="30"))
    pool = VmPool.objects.get()
    assert (pool.folder, pool.minimum, pool.pre_started, pool.idle_minutes, pool.warn_minutes) == (folder, 2, 1, 30, 5)
    shown = text(page, url(pool))
    assert "after 30 min" in shown and "5 min before" in shown and "0 of at most 10" in shown


def test_what_is_not_asked_of_this_kind_is_not_wrong(page: Client, places: None) -> None:
    page.post(ADD, filled_in(minimum="-1", idle_minutes="soon", warn_minutes="x", pre_started="9"))
    pool = VmPool.objects.get()
    assert (pool.minimum, pool.idle_minutes, pool.warn_minutes, pool.pre_started) == (0, 0, 5, 0)


def test_its_kind_cannot_be_chosen_once_it_has_machines(page: Client, add_vm: AddVm, places: None) -> None:
    pool = VmPool.objects.create(name="Class")
    add_vm(pool=pool)
    assert "its kind stays as it is" in text(page, url(pool, "edit/"))
    page.post(url(pool, "edit/"), dynamic(name="Room"))
    pool.refresh_from_db()
    assert (pool.name, pool.kind) == ("Room", PoolKind.PERSISTENT)


def test_what_no_node_has_now_is_kept(page: Client, places: None) -> None:
    pool = VmPool.objects.create(name="Class", folder="/srv/gone", networks=["old"], network="old")
    shown = text(page, url(pool, "edit/"))
    assert "old (on no node now)" in shown and ">/srv/gone</option>" in shown
    page.post(url(pool, "edit/"), filled_in(folder="/srv/gone", networks=["old"], network="old"))
    pool.refresh_from_db()
    assert (pool.folder, pool.networks, pool.network) == ("/srv/gone", ["old"], "old")


# --- who may ------------------------------------------------------------------------------------------


def test_who_only_looks_has_no_buttons_and_is_refused(node: Node, auditor: Person) -> None:
    pool, browser = VmPool.objects.create(name="Class", kind=PoolKind.DYNAMIC, most_vms=3), browser_of(auditor)
    shown = text(browser, url(pool)) + text(browser, LIST)
    assert ">Class</a>" in shown
    assert not [word for word in ("/edit/", "/switch/", "/remove/", ADD) if word in shown]
    for address in (ADD, url(pool, "edit/"), url(pool, "switch/"), url(pool, "remove/")):
        assert browser.post(address, filled_in(on="no")).status_code == 403
    assert AuditLine.objects.filter(outcome=Outcome.REFUSED).exclude(request=Request.LOG_IN).count() == 4


def test_others_see_cards_of_the_pools_that_they_were_given(nobody: Person) -> None:
    browser = browser_of(nobody)
    pool = VmPool.objects.create(name="Class", kind=PoolKind.DYNAMIC, most_vms=3, notes="For all")
    VmPool.objects.create(name="Secret")
    assert "No pools for you" in text(browser, LIST)
    assert 'href="/pools/"' not in text(browser, "/account/")
    Grant.objects.create(pool=pool, person=nobody, right="use")
    for address in (LIST, url(pool)):
        shown = text(browser, address)
        assert "Class" in shown and "For all" in shown and "Secret" not in shown
    assert 'href="/pools/"' in text(browser, "/account/")
    assert browser.get(url(VmPool.objects.get(name="Secret"))).status_code == 404
