"""Users and Groups of a pool, its people on its page, and what the pages of its VMs say of rights through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.web.conftest import browser_of
from tests.web.giving import Directory, Page, html_of
from tests.web.test_bulk import hidden
from tests.web.test_effective_rights import MAY, MAY_NOT, rows_of
from tests.web.test_grants import directory, messages_of
from vms import labels
from vms.models import AuditLine, BulkItem, Grant, Operation, Vm, VmPool
from vms.operations.permission import may
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.matrix import COLUMNS
from vms.rules.pools import PoolKind
from vms.rules.power import Power
from vms.rules.rights import Right

__all__ = ["directory"]
pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def browser(anna: Person, directory: Directory) -> Client:
    return browser_of(anna)


@pytest.fixture
def pool(db: None) -> VmPool:
    return VmPool.objects.create(name="web", kind=PoolKind.PERSISTENT)


@pytest.fixture
def desks(db: None) -> VmPool:
    return VmPool.objects.create(name="desks", kind=PoolKind.DYNAMIC, most_vms=10)


def desk(add_vm: AddVm, desks: VmPool, name: str, person: Person | None) -> Vm:
    had = {"assigned_to": person, "assigned_at": timezone.now()} if person else {}
    return add_vm(name, Power.RUNNING, kind=Kind.DYNAMIC, pool=desks, **had)


def users(browser: Client, pool: VmPool, query: str = "") -> Page:
    return Page(browser.get(f"/pools/{pool.pk}/users/{query}"))


def rights_on(pool: VmPool) -> dict[str, str]:
    return {str(grant.person or grant.group): grant.right for grant in Grant.objects.filter(pool=pool)}


# --- the dialog -----------------------------------------------------------------------------------
def test_people_are_found_given_a_right_and_told(browser: Client, desks: VmPool):
    page = users(browser, desks, "?q=z")
    assert "People who may use the VMs of desks" in page.text
    assert "Nobody was given a right on this pool yet." in page.text
    page = page.tick("Zoe Zürcher").give(browser)
    assert (page.given, rights_on(desks)) == ({"Zoe Zürcher": "use"}, {})
    answer = page.save(browser)
    assert answer["Location"] == f"/pools/{desks.pk}/"
    assert rights_on(desks) == {"Zoe Zürcher": "use"}
    assert "Now also may use the VMs of desks: Zoe Zürcher." in messages_of(browser, answer)


def test_groups_are_given_rights_by_the_same_page(browser: Client, pool: VmPool):
    Group.objects.create(name="team")
    page = Page(browser.get(f"/pools/{pool.pk}/groups/?q=team"))
    assert "Groups that may use the VMs of web" in page.text
    page.tick("team").give(browser).choose("team", "use + operate").save(browser)
    assert rights_on(pool) == {"team": "operate"}


def test_rights_are_changed_and_taken_away(browser: Client, pool: VmPool, nobody: Person, otto: Person):
    for person in (nobody, otto):
        Grant.objects.create(pool=pool, person=person, given_by_name="berta")
    page = users(browser, pool)
    assert (page.given, "by berta" in page.text) == ({"nobody": "use", "otto": "use"}, True)
    answer = page.choose("nobody", "use + operate").take_away("otto").save(browser)
    assert rights_on(pool) == {"nobody": "operate"}
    said = messages_of(browser, answer)
    assert "Their rights on web were changed: nobody." in said
    assert "May no longer use the VMs of web: otto." in said


def test_nothing_changed_is_said(browser: Client, pool: VmPool):
    assert "Nothing about who may use the VMs of web was changed." in messages_of(
        browser, users(browser, pool).save(browser)
    )


@pytest.mark.parametrize(
    ("kind", "tip"),
    [
        (PoolKind.TEMPLATE, "Nothing: who sees and uses VM templates follows from roles alone."),
        (PoolKind.PERSISTENT, "also of those that join it later"),
        (PoolKind.DYNAMIC, "have one of its VMs, which nobody else sees"),
    ],
)
def test_it_says_what_a_right_is_good_for(kind: PoolKind, tip: str, browser: Client):
    assert tip in users(browser, VmPool.objects.create(name="p", kind=kind)).text


@pytest.mark.parametrize("page", ["users", "groups"])
def test_it_is_for_those_who_may_give_on_every_machine(
    page: str, desks: VmPool, otto: Person, nobody: Person, directory: Directory
):
    address = f"/pools/{desks.pk}/{page}/"
    lent = person_with(("give_vm",), "lent")
    for person in (nobody, lent):
        assert browser_of(person).get(address).status_code == 404
        Grant.objects.create(pool=desks, person=person, right=Right.OPERATE)
    for person in (otto, nobody, lent):
        assert browser_of(person).get(address).status_code == 403
        assert browser_of(person).post(address).status_code == 403
    refused = AuditLine.objects.filter(outcome=Outcome.REFUSED).values_list("request", "subject", "subject_name")
    assert set(refused) == {(page, "pool", "desks")}


def test_a_pool_that_was_removed_meanwhile_is_not_there(browser: Client, pool: VmPool, monkeypatch: pytest.MonkeyPatch):
    page = users(browser, pool, "?q=z").tick("Zoe Zürcher")
    VmPool.objects.all().delete()
    assert page.save(browser).status_code == 404
    assert not Grant.objects.exists()


def test_the_audit_page_leads_to_the_pool(browser: Client, administrator: Person, pool: VmPool):
    users(browser, pool, "?q=z").tick("Zoe Zürcher").save(browser)
    listed = html_of(browser_of(administrator).get("/audit/"))
    assert listed.xpath(f"//a[@href='/pools/{pool.pk}/']")
    assert "Zoe Zürcher may now: use" in " ".join(listed.text_content().split())


# --- on the pool's page ---------------------------------------------------------------------------
def test_the_page_of_a_pool_names_its_people_to_whoever_may_change_it(
    administrator: Person, otto: Person, nobody: Person, pool: VmPool
):
    address = f"/pools/{pool.pk}/"
    Grant.objects.create(pool=pool, person=nobody, given_by_name="berta")
    Grant.objects.create(pool=pool, group=Group.objects.create(name="team"), right=Right.OPERATE)
    (section,) = html_of(browser_of(administrator).get(address)).xpath("//*[@id='pool-people']")
    said = " ".join(section.text_content().split())
    assert all(word in said for word in ("nobody", "by berta", "team", "use + operate"))
    assert section.xpath(".//a[@data-dialog]/@href") == [f"{address}users/", f"{address}groups/"]
    for person in (otto, nobody):
        text = browser_of(person).get(address).content.decode()
        assert ("pool-people" in text, "berta" in text) == (False, False)


# --- on the pages of its VMs ----------------------------------------------------------------------
def test_the_dialog_of_a_vm_shows_who_has_it_through_its_pool(
    browser: Client, pool: VmPool, nobody: Person, otto: Person, add_vm: AddVm
):
    vm = add_vm(pool=pool)
    Grant.objects.create(vm=vm, person=otto)
    Grant.objects.create(pool=pool, person=nobody, right=Right.OPERATE)
    page = Page(browser.get(f"/vms/{vm.pk}/users/"))
    assert page.given == {"otto": "use"}
    assert "Through the pool web" in page.text
    assert page.html.xpath(f"//a[@href='/pools/{pool.pk}/users/']")
    assert page.html.xpath(f"//a[@href='/vms/{vm.pk}/rights/?person={nobody.pk}']")
    page.save(browser)
    assert rights_on(pool) == {"nobody": "operate"}
    assert "Through the pool" not in Page(browser.get(f"/vms/{vm.pk}/groups/")).text


def test_effective_rights_say_through_which_pool(administrator: Person, pool: VmPool, nobody: Person, add_vm: AddVm):
    vm, team = add_vm(pool=pool), Group.objects.create(name="team")
    nobody.groups.add(team)
    Grant.objects.create(pool=pool, person=nobody, given_by_name="anna")
    Grant.objects.create(pool=pool, group=team, right=Right.OPERATE, given_by_name="berta")
    rows = rows_of(browser_of(administrator), vm, nobody)
    assert rows["Start"][1].startswith("pool web, group team: use + operate, by berta, ")
    assert "pool web, own right: use, by anna, " in rows["Use"][1]
    assert rows["Delete"][:2] == (MAY_NOT, "–")


def test_effective_rights_of_a_dynamic_vm(
    administrator: Person, desks: VmPool, nobody: Person, otto: Person, add_vm: AddVm
):
    mine, free = desk(add_vm, desks, "mine", nobody), desk(add_vm, desks, "free", None)
    Grant.objects.create(pool=desks, person=nobody, given_by_name="anna")
    rows = rows_of(browser_of(administrator), mine, nobody)
    assert rows["Shutdown"][0] == MAY
    assert rows["Shutdown"][1].startswith("has this VM, from the pool desks: own right, by anna, ")
    assert {row[:2] for row in rows_of(browser_of(administrator), free, nobody).values()} == {(MAY_NOT, "–")}


@pytest.mark.parametrize("has_it", [False, True])
@pytest.mark.parametrize("pool_kind", PoolKind)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("right", Right)
def test_they_say_what_really_holds(
    right: Right, kind: Kind, pool_kind: PoolKind, administrator: Person, nobody: Person, add_vm: AddVm, *, has_it: bool
):
    pool = VmPool.objects.create(name="p", kind=pool_kind)
    vm = add_vm("web1", kind=kind, pool=pool, assigned_to=nobody if has_it else None)
    Grant.objects.create(pool=pool, person=nobody, right=right)
    rows = rows_of(browser_of(administrator), vm, nobody)
    for action in COLUMNS[kind]:
        whether, through, _now = rows[str(labels.ACTION[action])]
        assert (whether == MAY) == may(nobody, action, vm) == (through != "–")


# --- others' dynamic VMs are nowhere --------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        *("/vms/", "/vms/?q=secret", "/vms/?pool=desks", "/search/?q=secret", "/search/?q={key}", "/operations/"),
        *("/operations/?q=secret", "/operations/bell/", "/backups/", "/lists/vms/csv/", "/lists/dynamic/csv/"),
        *(
            "/dynamic/",
            "/dynamic/?q=secret",
            "/dynamic/?held=free",
            "/dynamic/?image=secret-image",
            "/lists/dynamic/csv/",
        ),
        *(
            "/pools/",
            "/pools/{pool}/",
            "/pools/{pool}/mine/",
            "/vms/rows/?id={key}&open={key}",
            "/bulk/?action=shutdown&vm={key}",
            "/",
        ),
    ],
)
def test_no_page_tells_of_them(address: str, desks: VmPool, nobody: Person, otto: Person, add_vm: AddVm):
    image = add_vm("secret-image", kind=Kind.GOLDEN_IMAGE, mode=Mode.READY_FOR_USE, pool=desks)
    VmPool.objects.update(active=image)
    theirs, free = desk(add_vm, desks, "secret-1", otto), desk(add_vm, desks, "secret-2", None)
    mine = desk(add_vm, desks, "mine", nobody)
    Vm.objects.filter(kind=Kind.DYNAMIC).update(origin=image, link=Link.LINKED)
    for vm in (mine, theirs):
        Operation.objects.create(vm=vm, node=vm.node, action=Action.RESET, slot="run")
    Grant.objects.create(pool=desks, person=nobody, right=Right.OPERATE)
    for vm in (theirs, free, image):
        answer = browser_of(nobody).get(address.format(key=vm.pk, pool=desks.pk), follow=True)
        text = answer.getvalue().decode().replace('value="secret-image"', "").replace("image=secret-image", "")
        said = ("secret-1", "secret-2", "secret-image", "otto", f"/vms/{vm.pk}", f"vm-{vm.pk}")
        assert not [each for each in said if each in text]


@pytest.mark.parametrize("chosen", ["vm={mine}&vm={theirs}&vm={free}", "page=dynamic&all=1"])
def test_many_at_once_leave_them_alone(chosen: str, desks: VmPool, nobody: Person, otto: Person, add_vm: AddVm):
    mine, theirs, free = (
        desk(add_vm, desks, name, who) for name, who in (("mine", nobody), ("theirs", otto), ("free", None))
    )
    Grant.objects.create(pool=desks, person=nobody)
    browser, keys = browser_of(nobody), {"mine": mine.pk, "theirs": theirs.pk, "free": free.pk}
    url = f"/bulk/?action=power_off&{chosen.format(**keys)}"
    shown = browser.get(url)
    fields = {name: hidden(shown, name) for name in ("key", "seen")}
    assert browser.post(url, {**fields, "typed": "1"}).status_code == 302
    assert list(BulkItem.objects.values_list("vm", "refusal")) == [(mine.pk, "")]


def test_a_long_list_costs_no_more_questions(
    browser: Client, pool: VmPool, add_vm: AddVm, django_assert_max_num_queries: Callable[..., Any]
):
    vm = add_vm(pool=pool)
    for number in range(30):
        Grant.objects.create(pool=pool, person=Person.objects.create_user(f"p{number}"))
    with django_assert_max_num_queries(25):
        assert len(users(browser, pool).given) == 30
    with django_assert_max_num_queries(27):
        assert "p29" in Page(browser.get(f"/vms/{vm.pk}/users/")).text
