"""Where it is said which pool a machine belongs to, and what stands against another one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.pooling import add_vm_pool
from tests.operations.schedules import ada, clock, nightly, target
from tests.operations.working import fresh, work
from tests.web.conftest import browser_of
from tests.web.editing import GIB, opened, shaped
from vms.models import BackupSchedule, Disk, Event, Grant, Interface, Network, Node, Operation, StoragePool, Vm, VmPool
from vms.rules.actions import Action
from vms.rules.backups import Covers
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.rules.timeline import What
from vms.web.presenters.timeline import timeline

__all__ = ["ada", "clock", "nightly", "target"]

CONFLICT, INVALID = 409, 422


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def url_of(vm: Vm) -> str:
    return f"/vms/{vm.pk}/pool/"


def send(browser: Client, vm: Vm, pool: VmPool | None) -> Any:
    return browser.post(url_of(vm), {"vm_pool": str(pool.pk) if pool else "", "key": str(uuid4())})


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_its_page_leads_to_where_another_pool_is_chosen(browser: Client, vm: Vm):
    pool = add_vm_pool(name="Room 7", most_vms=3)
    Vm.objects.filter(pk=vm.pk).update(pool=pool)
    assert url_of(vm) in browser.get(f"/vms/{vm.pk}/").content.decode()
    shown = text_of(browser.get(url_of(vm)))
    assert "Room 7" in shown
    assert "1 of 3" in shown


def test_only_for_those_who_may_and_for_machines_that_can(add_vm: AddVm, otto: Person, browser: Client):
    vm, dynamic = add_vm("web1"), add_vm("desk", kind=Kind.DYNAMIC)
    assert url_of(vm) not in browser_of(otto).get(f"/vms/{vm.pk}/").content.decode()
    assert browser_of(otto).get(url_of(vm)).status_code == 403
    assert url_of(dynamic) not in browser.get(f"/vms/{dynamic.pk}/").content.decode()
    assert browser.get(url_of(dynamic)).status_code == 404


def test_it_is_moved_and_its_timeline_says_so(browser: Client, vm: Vm):
    pool = add_vm_pool(name="Room 7")
    answer = send(browser, vm, pool)
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{vm.pk}/")
    work(Operation.objects.get(action=Action.MOVE_TO_POOL))
    page = text_of(browser.get(f"/vms/{vm.pk}/"))
    assert "web1 is moved to the pool Room 7." in page
    assert "Pool changed from none to Room 7 by anna" in page
    assert send(browser, fresh(vm), None).status_code == 302
    work(Operation.objects.latest("pk"))
    assert fresh(vm).pool is None
    assert "Pool changed from Room 7 to none by anna" in text_of(browser.get(f"/vms/{vm.pk}/"))


def test_where_it_is_already_nothing_is_asked(browser: Client, vm: Vm):
    send(browser, vm, None)
    assert "web1 belongs to no pool." in text_of(browser.get(f"/vms/{vm.pk}/"))
    pool = add_vm_pool(name="Room 7")
    Vm.objects.filter(pk=vm.pk).update(pool=pool)
    send(browser, vm, pool)
    assert "web1 belongs to the pool Room 7 already." in text_of(browser.get(f"/vms/{vm.pk}/"))
    assert not Operation.objects.exists()


def test_pools_that_it_does_not_fit_into_stand_apart_with_the_reason(
    browser: Client, vm: Vm, add_vm: AddVm, second_node: Node
):
    Disk.objects.create(vm=vm, target="vda", device="disk", path="/images/web1.qcow2")
    Interface.objects.create(vm=vm, position=0, source_type="bridge", source="br0")
    full = add_vm_pool(name="full", most_vms=1)
    add_vm("web2", pool=full)
    pools = {
        full: "Machines of the pool full: 1 of at most 1. There is no room for 1 more.",
        add_vm_pool(second_node, name="beta"): "Node alpha is none of those of the pool beta. It may use: beta.",
        add_vm_pool(name="files", folder="/srv"): "have their disks in /srv, and not in /images.",
        add_vm_pool(name="nets", networks=["lab"]): "may not be plugged into br0. They may use: lab.",
    }
    add_vm_pool(name="templates", kind=PoolKind.TEMPLATE)
    fits = add_vm_pool(name="fits")
    answer = browser.get(url_of(vm))
    move = answer.context["move"]
    assert [choice.name for choice in move.choices] == ["none", "fits"]
    for pool, why in pools.items():
        assert why in text_of(answer)
        refused = send(browser, vm, pool)
        assert (refused.status_code, why in text_of(refused)) == (CONFLICT, True)
    assert send(browser, vm, fits).status_code == 302


def test_what_is_no_pool_for_it_is_refused(browser: Client, vm: Vm):
    answer = send(browser, vm, add_vm_pool(kind=PoolKind.TEMPLATE))
    assert answer.status_code == INVALID
    assert "not among those that you can choose" in text_of(answer)


def test_while_it_cannot_be_moved_the_page_says_why(browser: Client, vm: Vm):
    pool = add_vm_pool()
    send(browser, vm, pool)
    answer = browser.get(url_of(vm))
    assert answer.context["refused"]
    assert send(browser, vm, add_vm_pool(name="other")).status_code == CONFLICT


def test_its_event_is_told_to_everybody_who_sees_the_machine_but_names_no_pool(vm: Vm, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody, right="use")
    values = {"old": "", "new": "Room 7", "person": "anna"}
    Event.objects.create(what=What.MOVED_TO_POOL, vm=vm, node=vm.node, by_panel=True, values=values)
    assert "Room 7" not in timeline(vm.events.all(), nobody).entries[0].text


# Editing


def test_a_machine_that_grows_too_much_keeps_what_was_entered(browser: Client, add_vm: AddVm, node: Node):
    Node.objects.filter(pk=node.pk).update(memory_total=64 * GIB, memory_free=64 * GIB, cpus=8)
    Network.objects.create(node=node, name="default")
    StoragePool.objects.create(node=node, name="default", folder="/images", free=GIB)
    vm = shaped(add_vm("web1"), "spice-desktop")
    Vm.objects.filter(pk=vm.pk).update(pool=add_vm_pool(name="Room 7", most_memory=2 * GIB), memory=2 * GIB)
    saved = opened(browser, fresh(vm)).save(**{"sizes-memory": 4096, "general-notes": "mine"})
    assert saved.answer.status_code == CONFLICT
    said = "Memory of the pool Room 7: 2 GiB of at most 2 GiB given out. There is no room for 2 GiB more."
    assert said in saved.errors()["sizes-memory"]
    assert (saved.shows("sizes-memory"), saved.shows("general-notes")) == ("4096", "mine")


# Schedules


def test_the_page_of_a_schedule_names_the_pools_beside_what_it_covers(ada: Person, nightly: BackupSchedule, vm: Vm):
    schedule = nightly
    BackupSchedule.objects.filter(pk=schedule.pk).update(covers=Covers.CHOSEN)
    Vm.objects.filter(pk=vm.pk).update(pool=add_vm_pool(name="Room 7", schedule=schedule))
    add_vm_pool(name="Room 8", schedule=schedule)
    page = browser_of(ada)
    for address in ("/backups/schedules/", f"/backups/schedules/{schedule.pk}/"):
        assert "and the pools Room 7, Room 8" in text_of(page.get(address))
    asked = text_of(page.get(f"/backups/schedules/{schedule.pk}/remove/"))
    assert "The pools Room 7, Room 8 are backed up by it" in asked
