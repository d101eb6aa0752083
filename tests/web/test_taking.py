"""Opening a pool in a browser: the button, the page on which one waits, and the warning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.operations.opening import add_coming, add_dynamic, add_image, add_pool, give
from tests.operations.working import fresh
from tests.web.conftest import browser_of
from vms.models import Node, Operation, Vm, VmPool
from vms.operations.performing import finish
from vms.operations.settling import settle_node
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.web import formats

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def pool(nobody: Person) -> VmPool:
    pool = add_pool()
    give(pool, nobody)
    return pool


@pytest.fixture
def browser(nobody: Person) -> Client:
    return browser_of(nobody)


def open_it(browser: Client, pool: VmPool) -> Any:
    return browser.post(f"/pools/{pool.pk}/open/", {"next": f"/pools/{pool.pk}/"})


def mine(browser: Client, pool: VmPool, **headers: str) -> Any:
    return browser.get(f"/pools/{pool.pk}/mine/", headers=headers)


def said(browser: Client, answer: Any) -> str:
    """The messages of the page that the answer leads to."""
    return " ".join(str(message) for message in browser.get(answer.url).context["messages"])


def end_of_making(vm: Vm, problem: Problem) -> None:
    operation = Operation.objects.get(vm=vm)
    finish(operation, Progress.FAILED, problem)
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())


# --- one click ------------------------------------------------------------------------------------------
def test_one_click_leads_to_the_screen(browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person):
    vm = add_dynamic(add_vm, pool)
    answer = open_it(browser, pool)
    assert (answer.status_code, answer.url) == (302, f"/vms/{vm.pk}/use/")
    assert 'data-open="yes"' in browser.get(answer.url).content.decode()
    assert fresh(vm).assigned_to_id == nobody.pk


def test_the_audit_trail_names_the_vm_that_somebody_got(
    browser: Client, pool: VmPool, add_vm: AddVm, administrator: Person
):
    add_dynamic(add_vm, pool, "desks-42")
    open_it(browser, pool)
    text = browser_of(administrator).get("/audit/").content.decode()
    assert "Open a VM pool" in text
    assert "desks-42" in text


def test_what_is_still_being_made_is_waited_for(browser: Client, pool: VmPool, add_vm: AddVm):
    vm = add_coming(add_vm, pool)
    answer = open_it(browser, pool)
    assert (answer.status_code, answer.url) == (302, f"/pools/{pool.pk}/mine/")
    text = mine(browser, pool).content.decode()
    assert "Your VM is being made" in text
    assert "Stopped, creating" in text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text
    assert 'data-live-page="pool vm operation"' in text
    assert vm.name in text


def test_the_page_goes_on_to_the_screen_as_soon_as_there_is_one(
    browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person
):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody)
    assert mine(browser, pool).url == f"/vms/{vm.pk}/use/"
    assert mine(browser, pool, hx_request="true").url == f"/vms/{vm.pk}/use/"


def test_only_a_form_opens(browser: Client, pool: VmPool, add_vm: AddVm):
    vm = add_dynamic(add_vm, pool)
    assert browser.get(f"/pools/{pool.pk}/open/").status_code == 405
    assert browser.get(f"/vms/{vm.pk}/keep/").status_code == 405
    assert fresh(vm).assigned_at is None


def test_a_pool_that_one_was_not_given_does_not_exist(pool: VmPool, add_vm: AddVm):
    vm, stranger = add_dynamic(add_vm, pool), browser_of(person_with((), "mia"))
    assert open_it(stranger, pool).status_code == 404
    assert mine(stranger, pool).status_code == 404
    assert fresh(vm).assigned_at is None


def test_whoever_sees_every_vm_but_may_not_use_them_is_refused(pool: VmPool, add_vm: AddVm, otto: Person):
    add_dynamic(add_vm, pool)
    assert open_it(browser_of(otto), pool).status_code == 403
    assert mine(browser_of(otto), pool).status_code == 403


def test_only_dynamic_pools_are_opened(administrator: Person):
    pool = add_pool()
    VmPool.objects.update(kind="persistent")
    assert open_it(browser_of(administrator), pool).status_code == 404


# --- when there is none ---------------------------------------------------------------------------------
def test_a_full_pool_says_how_many_there_are_and_what_to_do(browser: Client, pool: VmPool, add_vm: AddVm, anna: Person):
    add_image(add_vm, pool)
    VmPool.objects.update(most_vms=2)
    for number in range(2):
        add_dynamic(add_vm, pool, f"desks-{number}", assigned_to=anna)
    answer = open_it(browser, pool)
    assert answer.url == f"/pools/{pool.pk}/"
    text = said(browser, answer)
    assert "All 2 VMs of this pool are taken." in text
    assert "shuts theirs down makes room" in text


def test_a_pool_that_is_off_says_so(browser: Client, pool: VmPool, add_vm: AddVm):
    add_dynamic(add_vm, pool)
    VmPool.objects.update(is_on=False)
    assert "This pool is switched off." in said(browser, open_it(browser, pool))


def test_a_pool_without_a_golden_image_says_so(browser: Client, pool: VmPool):
    assert "no golden image" in said(browser, open_it(browser, pool))


# --- the page of one's own VM ---------------------------------------------------------------------------
def test_who_has_none_is_offered_one(browser: Client, pool: VmPool, add_vm: AddVm):
    add_dynamic(add_vm, pool)
    text = mine(browser, pool).content.decode()
    assert "You have no VM of this pool" in text
    assert f'action="/pools/{pool.pk}/open/"' in text
    assert "http-equiv" not in text


def test_what_could_not_be_made_says_why_and_offers_another_try(
    browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person
):
    add_image(add_vm, pool)
    end_of_making(add_coming(add_vm, pool, assigned_to=nobody), Problem.NO_SPACE)
    text = mine(browser, pool).content.decode()
    assert "Your VM could not be made" in text
    assert 'role="alert"' in text
    assert "Try again" in text
    assert "http-equiv" not in text


def test_while_theirs_goes_another_one_is_offered(browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person):
    add_dynamic(add_vm, pool, power=Power.OFF, assigned_to=nobody)
    add_dynamic(add_vm, pool, "desks-2")
    text = mine(browser, pool).content.decode()
    assert "Your VM is being thrown away" in text
    assert "Open another VM" in text


def test_one_whose_node_is_lost_is_still_theirs(
    browser: Client, pool: VmPool, add_vm: AddVm, node: Node, nobody: Person
):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody)
    Node.objects.update(reachable=False)
    settle_node(Node.objects.get(pk=node.pk))
    assert open_it(browser, pool).url == f"/pools/{pool.pk}/mine/"
    text = mine(browser, pool).content.decode()
    assert "Your VM cannot be reached" in text
    assert vm.name in text
    assert "http-equiv" in text
    assert node.name not in text.replace(vm.name, "")


# --- the warning ----------------------------------------------------------------------------------------
@pytest.fixture
def warned(pool: VmPool, add_vm: AddVm, nobody: Person) -> Vm:
    VmPool.objects.update(idle_minutes=30)
    now = timezone.now()
    return add_dynamic(add_vm, pool, assigned_to=nobody, used_at=now - timedelta(minutes=27), warned_at=now)


def test_the_screen_and_the_page_warn(browser: Client, warned: Vm):
    for address in (f"/vms/{warned.pk}/use/", f"/vms/{warned.pk}/"):
        text = browser.get(address).content.decode()
        assert "because nobody has its screen open" in text
        assert f'action="/vms/{warned.pk}/keep/"' in text


def test_the_time_is_when_it_goes_off_also_for_who_was_warned_late(browser: Client, warned: Vm):
    late = timezone.now() - timedelta(minutes=1)
    Vm.objects.update(used_at=late - timedelta(hours=2), warned_at=late)
    moment = formats.clock(late + timedelta(minutes=5))
    assert f"shut down at {moment} because" in browser.get(f"/vms/{warned.pk}/").content.decode()


def test_it_is_kept_with_one_click(browser: Client, warned: Vm):
    screen = f"/vms/{warned.pk}/use/"
    assert browser.post(f"/vms/{warned.pk}/keep/", {"next": screen}).headers["Location"] == screen
    assert fresh(warned).warned_at is None
    assert "will be shut down" not in browser.get(screen).content.decode()


def test_what_has_been_had_for_too_long_cannot_be_kept(browser: Client, warned: Vm):
    VmPool.objects.update(idle_minutes=0, longest_minutes=60)
    Vm.objects.update(assigned_at=timezone.now() - timedelta(minutes=57))
    text = browser.get(f"/vms/{warned.pk}/").content.decode()
    assert "because its time is over" in text
    assert "/keep/" not in text
    assert "cannot be kept" in said(browser, browser.post(f"/vms/{warned.pk}/keep/"))


def test_others_keep_nothing_of_somebodys(pool: VmPool, warned: Vm):
    mia = person_with((), "mia")
    give(pool, mia)
    assert browser_of(mia).post(f"/vms/{warned.pk}/keep/").status_code == 404


# --- giving it back -------------------------------------------------------------------------------------
@pytest.mark.parametrize("action", ["shutdown", "power-off"])
def test_the_question_says_that_it_is_thrown_away(
    browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person, action: str
):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody)
    text = browser.get(f"/vms/{vm.pk}/{action}/").content.decode()
    assert "thrown away with everything on it" in text
    assert "ask--danger" in text


def test_a_persistent_one_is_not_thrown_away(anna: Person, running_vm: Vm):
    text = browser_of(anna).get(f"/vms/{running_vm.pk}/shutdown/").content.decode()
    assert "thrown away" not in text
    assert "ask--danger" not in text


@pytest.mark.parametrize("action", ["shutdown", "power_off"])
def test_the_question_about_many_says_so_too(pool: VmPool, add_vm: AddVm, anna: Person, running_vm: Vm, action: str):
    theirs, browser = add_dynamic(add_vm, pool), browser_of(anna)
    text = browser.get(f"/bulk/?action={action}&vm={theirs.pk}&vm={running_vm.pk}").content.decode()
    assert "The dynamic VMs among them are then thrown away" in text
    assert "thrown away" not in browser.get(f"/bulk/?action={action}&vm={running_vm.pk}").content.decode()


def test_the_page_of_one_that_is_no_more_leads_back_to_the_pool(
    browser: Client, pool: VmPool, add_vm: AddVm, nobody: Person
):
    vm = add_dynamic(add_vm, pool, assigned_to=nobody)
    Vm.objects.filter(pk=vm.pk).update(deleted_at=timezone.now())
    for address in (f"/vms/{vm.pk}/", f"/vms/{vm.pk}/use/"):
        assert browser.get(address).headers["Location"] == f"/vms/{vm.pk}/removed/"
    text = browser.get(f"/vms/{vm.pk}/removed/").content.decode()
    assert f'href="/pools/{pool.pk}/mine/"' in text
    assert "Back to desks" in text
    assert "Your VM was thrown away" in mine(browser, pool).content.decode()


def test_of_somebody_elses_nothing_is_said(pool: VmPool, add_vm: AddVm, anna: Person):
    vm = add_dynamic(add_vm, pool, assigned_to=anna)
    mia = person_with((), "mia")
    give(pool, mia)
    for deleted_at in (None, timezone.now()):
        Vm.objects.filter(pk=vm.pk).update(deleted_at=deleted_at)
        assert browser_of(mia).get(f"/vms/{vm.pk}/use/").status_code == 404
        assert browser_of(mia).get(f"/vms/{vm.pk}/removed/").status_code == 404
