"""Users and Groups of a VM: found, chosen, saved. Nothing that was typed or ticked is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.working import ask
from tests.web.conftest import browser_of
from tests.web.giving import Candidate, Directory, Page, html_of
from vms.models import AuditLine, Grant, Vm
from vms.operations.people import people
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.rights import Right

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.fixture
def directory(settings: Settings) -> Iterator[Directory]:
    """Zoe and Zoltan are in it and have never logged in."""
    there = Directory(
        [
            Candidate("entry:1", "zoe", "Zoe Zürcher", "zoe@example.org", "uid=zoe,ou=people"),
            Candidate("entry:2", "zoltan", "Zoltan Zaugg", "", "uid=zoltan,ou=people"),
        ]
    )
    module: Any = ModuleType("directory_of_this_test")
    for name in ("find_people", "find_groups", "person_of", "group_of"):
        setattr(module, name, getattr(there, name))
    sys.modules[module.__name__] = module
    settings.PEOPLE = module.__name__
    people.cache_clear()
    yield there
    people.cache_clear()
    del sys.modules[module.__name__]


@pytest.fixture
def browser(anna: Person, directory: Directory) -> Client:
    return browser_of(anna)


def users(browser: Client, vm: Vm, query: str = "") -> Page:
    return Page(browser.get(f"/vms/{vm.pk}/users/{query}"))


def groups(browser: Client, vm: Vm, query: str = "") -> Page:
    return Page(browser.get(f"/vms/{vm.pk}/groups/{query}"))


def rights_on(vm: Vm) -> dict[str, str]:
    return {str(grant.person or grant.group): grant.right for grant in Grant.objects.filter(vm=vm)}


def messages_of(browser: Client, answer: Any) -> str:
    return " ".join(html_of(browser.get(answer["Location"])).text_content().split())


def test_nobody_is_looked_for_before_something_is_typed(browser: Client, vm: Vm, directory: Directory):
    page = users(browser, vm)
    assert (page.found, page.given, directory.asked) == ([], {}, [])
    assert "People who may use web1" in page.text
    assert "Nobody was given a right on this machine yet." in page.text


def test_people_who_have_never_logged_in_are_found_and_given_a_right(browser: Client, vm: Vm):
    page = users(browser, vm, "?q=z")
    assert page.found == ["Zoe Zürcher", "Zoltan Zaugg"]
    assert "zoe@example.org" in page.text
    assert "uid=zoe,ou=people" in page.text
    page = page.tick("Zoe Zürcher").give(browser)
    assert page.given == {"Zoe Zürcher": "use"}
    assert not Person.objects.filter(username="zoe").exists()
    page = page.choose("Zoe", "use + operate")
    answer = page.save(browser)
    assert answer.status_code == 302
    assert rights_on(vm) == {"Zoe Zürcher": "operate"}
    assert "Now also may use web1: Zoe Zürcher." in messages_of(browser, answer)


def test_whoever_is_ticked_when_it_is_saved_is_given_a_right_too(browser: Client, vm: Vm):
    users(browser, vm, "?q=z").tick("Zoe Zürcher", "Zoltan Zaugg").save(browser)
    assert rights_on(vm) == {"Zoe Zürcher": "use", "Zoltan Zaugg": "use"}


def test_local_accounts_say_that_they_are(browser: Client, vm: Vm, nobody: Person):
    page = users(browser, vm, "?q=nobody")
    assert (page.found, "local account" in page.text) == (["nobody"], True)


def test_groups_are_given_rights_by_the_same_page(browser: Client, vm: Vm):
    Group.objects.create(name="team")
    page = groups(browser, vm, "?q=team")
    assert ("Groups that may use web1" in page.text, "local group" in page.text) == (True, True)
    page.tick("team").give(browser).save(browser)
    assert rights_on(vm) == {"team": "use"}


def test_rights_are_changed_and_taken_away(browser: Client, vm: Vm, nobody: Person, otto: Person, berta: Person):
    for person in (nobody, otto, berta):
        Grant.objects.create(vm=vm, person=person, right=Right.USE, given_by_name="berta")
    page = users(browser, vm)
    assert page.given == {"nobody": "use", "otto": "use", "berta": "use"}
    assert "by berta" in page.text
    answer = page.choose("nobody", "use + operate").take_away("otto").save(browser)
    assert rights_on(vm) == {"nobody": "operate", "berta": "use"}
    said = messages_of(browser, answer)
    assert "Their rights on web1 were changed: nobody." in said
    assert "May no longer use web1: otto." in said


def test_only_differences_are_saved(browser: Client, vm: Vm, nobody: Person, otto: Person):
    for person in (nobody, otto):
        Grant.objects.create(vm=vm, person=person, right=Right.USE)
    mine, theirs = users(browser, vm), users(browser, vm)
    theirs.choose("otto", "use + operate").save(browser)
    mine.take_away("nobody").save(browser)
    assert rights_on(vm) == {"otto": "operate"}


def test_nothing_changed_is_said(browser: Client, vm: Vm, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody)
    said = messages_of(browser, users(browser, vm).save(browser))
    assert "Nothing about who may use web1 was changed." in said
    assert not AuditLine.objects.filter(request="users", outcome="succeeded").exists()


# --- nothing is lost ------------------------------------------------------------------------------
def prepared(browser: Client, vm: Vm, nobody: Person, otto: Person) -> Page:
    """One is new, one ticked, one's right is to change, another one's to go."""
    for person in (nobody, otto):
        Grant.objects.create(vm=vm, person=person)
    page = users(browser, vm, "?q=z").tick("Zoe Zürcher").give(browser)
    return page.tick("Zoltan Zaugg").choose("nobody", "use + operate").take_away("otto")


def is_as_prepared(page: Page) -> bool:
    away = [box.get("name") for box in page.html.xpath("//form//input[@type='checkbox'][@checked][not(@name='pick')]")]
    given = {"Zoe Zürcher": "use", "nobody": "use + operate", "otto": "use"}
    return page.given == given and page.ticked == ["Zoltan Zaugg"] and away == ["take"]


@pytest.mark.parametrize("text", ["otto", "no such name", ""])
def test_a_search_keeps_what_was_ticked_and_chosen(text: str, browser: Client, vm: Vm, nobody: Person, otto: Person):
    page = prepared(browser, vm, nobody, otto).search(browser, text)
    assert is_as_prepared(page)
    assert page.form.fields["q"] == text
    page.save(browser)
    assert rights_on(vm) == {"nobody": "operate", "Zoe Zürcher": "use", "Zoltan Zaugg": "use"}


def test_a_directory_that_is_down_keeps_it_and_says_so(
    browser: Client, vm: Vm, nobody: Person, otto: Person, directory: Directory
):
    page = prepared(browser, vm, nobody, otto)
    directory.trouble = "The directory cannot be asked."
    page = page.search(browser, "n")
    assert is_as_prepared(page)
    assert "The directory cannot be asked." in page.text
    assert "anna" in page.found


def test_somebody_who_has_left_meanwhile_keeps_it_and_nothing_is_saved(
    browser: Client, vm: Vm, nobody: Person, otto: Person, directory: Directory
):
    page = prepared(browser, vm, nobody, otto)
    directory.gone.add("entry:2")
    answer = page.save(browser)
    page = Page(answer)
    assert answer.status_code == 409
    assert rights_on(vm) == {"nobody": "use", "otto": "use"}
    assert page.text.count("The directory has no such person any more.") == 2
    assert page.given == {"Zoe Zürcher": "use", "Zoltan Zaugg": "use", "nobody": "use + operate", "otto": "use"}
    page.take_away("Zoltan").save(browser)
    assert rights_on(vm) == {"nobody": "operate", "Zoe Zürcher": "use"}


def test_more_than_can_be_shown_asks_for_more_of_the_name(browser: Client, vm: Vm, directory: Directory):
    directory.more = True
    assert "There are more than 2. Type more of the name." in users(browser, vm, "?q=z").text


def test_who_has_a_right_cannot_be_ticked_again(browser: Client, vm: Vm, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody)
    page = users(browser, vm, "?q=nobody")
    assert "has a right already" in page.text
    assert page.html.xpath("//input[@name='pick']/@disabled") == ["disabled"]


def test_a_name_cannot_be_put_before_the_key_of_another(browser: Client, vm: Vm, nobody: Person, otto: Person):
    page = users(browser, vm, "?q=nobody").tick("nobody")
    token = page.html.xpath("//input[@name='pick']/@value")[0]
    for forged in (token[:-1], f"account:{otto.pk}", token.replace(":", ":x")):
        assert users(browser, vm, f"?step=give&pick={forged}").given == {}
        browser.post(f"/vms/{vm.pk}/users/", {"pick": forged, "new": f"operate.{forged}"})
        browser.post(f"/vms/{vm.pk}/groups/", {"pick": token})
    assert rights_on(vm) == {}


@pytest.mark.parametrize(
    "query", ["right=x", "right=1.use", "right=1.use.all", "right=%F0.use.use", "take=x", "new=all.x", "q=%00", "next="]
)
def test_nonsense_in_the_address_is_left_out(query: str, browser: Client, vm: Vm, nobody: Person):
    Grant.objects.create(vm=vm, person=nobody)
    assert users(browser, vm, f"?{query}").given == {"nobody": "use"}
    name, _, value = query.partition("=")
    assert browser.post(f"/vms/{vm.pk}/users/", {name: value}).status_code == 302
    assert rights_on(vm) == {"nobody": "use"}


# --- who, where and when --------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["users", "groups"])
def test_it_is_for_those_who_may_give(page: str, vm: Vm, otto: Person, nobody: Person, directory: Directory):
    Grant.objects.create(vm=vm, person=nobody, right=Right.OPERATE)
    for person in (otto, nobody):
        assert browser_of(person).get(f"/vms/{vm.pk}/{page}/").status_code == 403
        assert browser_of(person).post(f"/vms/{vm.pk}/{page}/").status_code == 403


@pytest.mark.parametrize("page", ["users", "groups"])
def test_templates_have_none(page: str, browser: Client, add_vm: AddVm):
    assert browser.get(f"/vms/{add_vm('debian', kind=Kind.TEMPLATE).pk}/{page}/").status_code == 404


def test_a_machine_that_is_being_deleted_says_so(browser: Client, vm: Vm, anna: Person, nobody: Person):
    page = users(browser, vm, "?q=nobody").tick("nobody")
    ask(vm, Action.DELETE, anna, disks=[])
    answer = page.save(browser)
    assert (answer.status_code, rights_on(vm)) == (409, {})
    for shown in (Page(answer), users(browser, vm)):
        assert "Users of web1 is not possible now. The machine is being deleted." in shown.text
        assert shown.form is None


def test_it_leads_back_to_where_it_was_opened(browser: Client, vm: Vm):
    page = Page(browser.get(f"/vms/{vm.pk}/users/", headers={"Referer": "http://testserver/vms/?q=web"}))
    assert page.search(browser, "z").tick("Zoe Zürcher").save(browser)["Location"] == "http://testserver/vms/?q=web"
    assert users(browser, vm, "?next=https://example.org/").save(browser)["Location"] == f"/vms/{vm.pk}/"


def test_the_token_of_the_form_never_stands_in_an_address(anna: Person, vm: Vm, directory: Directory):
    browser = browser_of(anna, enforce_csrf_checks=True)
    page = users(browser, vm, "?q=z").tick("Zoe Zürcher")
    assert "csrfmiddlewaretoken" not in dict(page.form.form_values())
    assert page.save(browser).status_code == 403
    button = page.html.xpath("//button[@formmethod='post']")[0]
    fields = {"pick": page.html.xpath("//input[@name='pick']/@value")[0], button.get("name"): button.get("value")}
    assert browser.post(page.form.action, fields).status_code == 302
    assert rights_on(vm) == {"Zoe Zürcher": "use"}


def test_a_long_list_costs_no_more_questions(
    browser: Client, vm: Vm, django_assert_max_num_queries: Callable[..., Any]
):
    for number in range(30):
        Grant.objects.create(vm=vm, person=Person.objects.create_user(f"p{number}"))
    with django_assert_max_num_queries(25):
        assert len(users(browser, vm).given) == 30
