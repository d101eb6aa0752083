"""What somebody may do with a machine, through what, and whether it is possible now: it says what really holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from directory.models import Person
from directory.roles import Role
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.giving import html_of
from vms import labels
from vms.models import Grant, Vm
from vms.operations.permission import PERMISSION_FOR, may
from vms.rules.kinds import Kind
from vms.rules.matrix import COLUMNS
from vms.rules.power import Power
from vms.rules.rights import Right

pytestmark = pytest.mark.usefixtures("no_hypervisor")

MAY, MAY_NOT = "may", "may not"


def with_role(role: Role, name: str) -> Person:
    person = Person.objects.create_user(name)
    person.take_role(role)
    person.save()
    return Person.objects.get(pk=person.pk)


def rows_of(browser: Client, vm: Vm, person: Person | None = None) -> dict[str, tuple[str, str, str]]:
    """By the action: whether, through what, and whether it is possible now."""
    query = f"?person={person.pk}" if person else ""
    answer = browser.get(f"/vms/{vm.pk}/rights/{query}")
    assert answer.status_code == 200
    rows = html_of(answer).xpath("//table[contains(@class, 'rights')]/tbody/tr")
    cells = [[" ".join(cell.text_content().split()) for cell in row] for row in rows]
    return {label: (whether, through, now) for label, whether, through, now in cells}


def text_of(browser: Client, address: str) -> str:
    return " ".join(html_of(browser.get(address)).xpath("//main")[0].text_content().split())


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.mark.parametrize("role", Role)
def test_it_says_through_which_role(role: Role, browser: Client, vm: Vm):
    rows = rows_of(browser, vm, with_role(role, "somebody"))
    through = f"role {labels.ROLE[role]}"
    sees, deletes = role is not Role.USER, role is Role.ADMINISTRATOR
    assert rows["See it"][:2] == ((MAY, through) if sees else (MAY_NOT, "–"))
    assert rows["Delete"][:2] == ((MAY, through) if deletes else (MAY_NOT, "–"))


def test_every_role_has_its_word():
    assert {role.value for role in Role} == set(labels.ROLE)


def test_it_says_which_right_of_whom(browser: Client, vm: Vm):
    uwe = with_role(Role.USER, "uwe")
    team = Group.objects.create(name="team")
    uwe.groups.add(team)
    Grant.objects.create(vm=vm, person=uwe, right=Right.USE, given_by_name="anna")
    Grant.objects.create(vm=vm, group=team, right=Right.OPERATE, given_by_name="berta")
    rows = rows_of(browser, vm, uwe)
    assert rows["Start"][0] == MAY
    assert rows["Start"][1].startswith("group team: use + operate, by berta, ")
    assert "own right: use, by anna, " in rows["Use"][1]
    assert "group team: use + operate, by berta, " in rows["Use"][1]
    assert rows["See it"][1] == rows["Use"][1]
    assert rows["Delete"][:2] == (MAY_NOT, "–")


@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING, Power.PAUSED])
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [None, *Right])
def test_it_says_what_really_holds(
    own: Right | None, role: Role, kind: Kind, power: Power, browser: Client, add_vm: AddVm
):
    vm, person = add_vm("web1", power, kind=kind), with_role(role, "somebody")
    if own:
        Grant.objects.create(vm=vm, person=person, right=own)
    rows = rows_of(browser, vm, person)
    for action in COLUMNS[kind]:
        assert (rows[str(labels.ACTION[action])][0] == MAY) == may(person, action, vm)


def test_what_is_not_possible_now_says_why_whoever_may(browser: Client, running_vm: Vm):
    rows = rows_of(browser, running_vm, with_role(Role.USER, "uwe"))
    assert rows["Shutdown"] == (MAY_NOT, "–", "possible")
    assert rows["Start"] == (MAY_NOT, "–", "The machine is running already.")
    assert rows["Back up"] == (MAY_NOT, "–", "possible")


def test_whatever_there_is_to_press_can_be_somebodys():
    assert {action for actions in COLUMNS.values() for action in actions} <= set(PERMISSION_FOR)


@pytest.mark.parametrize(
    ("gone", "why"), [(False, "uwe is blocked in the panel"), (True, "The directory no longer knows uwe")]
)
def test_nothing_counts_of_somebody_who_may_not_log_in(gone: bool, why: str, browser: Client, vm: Vm):
    uwe = with_role(Role.OPERATOR, "uwe")
    Grant.objects.create(vm=vm, person=uwe, right=Right.OPERATE)
    Person.objects.update(is_active=False, gone_at=timezone.now() if gone else None)
    Person.objects.filter(is_superuser=True).update(is_active=True, gone_at=None)
    rows = rows_of(browser, vm, uwe)
    assert {whether for whether, _through, _now in rows.values()} == {MAY_NOT}
    assert "own right: use + operate" in rows["Start"][1]
    assert why in text_of(browser, f"/vms/{vm.pk}/rights/?person={uwe.pk}")


def test_whoever_gives_rights_finds_and_chooses_somebody(browser: Client, vm: Vm, nobody: Person):
    page = html_of(browser.get(f"/vms/{vm.pk}/rights/?q=nobody"))
    key = page.xpath("//button[@name='person']/@value")[0]
    answer = browser.post(f"/vms/{vm.pk}/rights/", {"person": key})
    assert answer["Location"] == f"/vms/{vm.pk}/rights/?person={nobody.pk}"
    assert "What nobody may do with web1" in text_of(browser, answer["Location"])


def test_who_cannot_be_found_any_more_is_said(browser: Client, vm: Vm, nobody: Person):
    key = f"account:{nobody.pk}"
    nobody.delete()
    answer = browser.post(f"/vms/{vm.pk}/rights/", {"person": key})
    assert answer.status_code == 409
    assert html_of(answer).xpath("//*[@id='messages']//*[@role='alert' or @data-level]")


def test_nobody_is_found_by_that_name(browser: Client, vm: Vm):
    assert "Nobody was found." in text_of(browser, f"/vms/{vm.pk}/rights/?q=no+such+name")


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 30, "999999", "1 or 1"])
def test_there_is_no_page_about_nobody(asked: str, browser: Client, vm: Vm):
    assert browser.get(f"/vms/{vm.pk}/rights/", {"person": asked}).status_code == 404


def test_others_see_it_of_themselves_only(vm: Vm, otto: Person, nobody: Person, anna: Person):
    Grant.objects.create(vm=vm, person=nobody, right=Right.USE, given_by_name="anna")
    for person in (otto, nobody):
        browser, address = browser_of(person), f"/vms/{vm.pk}/rights/"
        page = text_of(browser, f"{address}?q=anna")
        assert ("What I may do with web1" in page, "Look at somebody else" in page) == (True, False)
        assert browser.get(f"{address}?person={person.pk}").status_code == 200
        assert browser.get(f"{address}?person={anna.pk}").status_code == 403
        assert browser.post(address, {"person": f"account:{anna.pk}"}).status_code == 403


def test_who_does_not_see_the_machine_has_no_page(vm: Vm, nobody: Person):
    assert browser_of(nobody).get(f"/vms/{vm.pk}/rights/").status_code == 404


def test_the_page_of_a_machine_leads_there(browser: Client, vm: Vm, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody)
    for each in (browser, browser_of(nobody)):
        assert f'href="/vms/{vm.pk}/rights/"' in each.get(f"/vms/{vm.pk}/").content.decode()


def test_looking_remembers_nobody(browser: Client, vm: Vm, django_assert_max_num_queries: Callable[..., Any]):
    before = Person.objects.count()
    with django_assert_max_num_queries(25):
        browser.get(f"/vms/{vm.pk}/rights/?q=a")
    assert Person.objects.count() == before


def test_an_account_above_a_thousand_is_found_again(browser: Client, vm: Vm):
    """Its key is no number for people: it has no separators."""
    person = Person.objects.create(username="late", pk=2410)
    page = html_of(browser.get(f"/vms/{vm.pk}/rights/?person={person.pk}"))
    assert page.xpath("//input[@type='hidden'][@name='person']/@value") == ["2410"]
