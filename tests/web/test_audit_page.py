"""The page of the audit trail: in words, narrowed down, and as CSV."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import AuditLine, Node, Operation, Vm
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Subject
from vms.rules.kinds import Kind
from vms.rules.problems import Problem
from vms.rules.progress import Progress


def rows(page: str) -> int:
    """How many lines are shown, without that of the reader's login."""
    return page.count('data-label="Result"') - page.count(">Log in<")


def newest() -> AuditLine:
    return AuditLine.objects.latest("pk")


def test_only_who_may_read_it_sees_it(vm: Vm, auditor: Person, otto: Person, administrator: Person) -> None:
    for name in ("audit:list", "audit:csv"):
        assert browser_of(otto).get(reverse(name)).status_code == 403
        assert browser_of(auditor).get(reverse(name)).status_code == 200
        assert browser_of(administrator).get(reverse(name)).status_code == 200
    link = reverse("audit:list")
    assert link not in browser_of(otto).get(reverse("vms:list")).content.decode()
    assert link in browser_of(auditor).get(reverse("vms:list")).content.decode()
    page = reverse("vms:page", args=[vm.pk])
    assert f"{link}?about={vm.pk}" not in browser_of(otto).get(page).content.decode()
    assert f"{link}?about={vm.pk}" in browser_of(auditor).get(page).content.decode()


def test_the_page_of_a_person_leads_to_what_they_asked_for(administrator: Person) -> None:
    """Whatever the number of the account: one above a thousand is no number for people."""
    otto = Person.objects.create(username="otto", pk=2410)
    browser = browser_of(administrator)
    browser.post(reverse("people:block", args=[otto.pk]))
    page = browser.get(reverse("people:person", args=[otto.pk])).content.decode()
    own, about = (f"{reverse('audit:list')}?{key}" for key in (f"person={otto.pk}", f"about=person:{otto.pk}"))
    assert own in page
    assert about in page
    assert rows(browser.get(about).content.decode()) == 1


@pytest.fixture
def trail(add_vm: AddVm, node: Node, anna: Person) -> dict[str, Vm]:
    anna.full_name = "Anna Muster"
    anna.save()
    web, gone = add_vm("web1"), add_vm("old", kind=Kind.TEMPLATE)
    failed = Operation.objects.create(vm=web, node=node, action=Action.START, slot="run", progress=Progress.FAILED)
    Operation.objects.update(problem=Problem.NOT_ENOUGH_MEMORY)
    about_web = {"subject": Subject.VM, "subject_key": str(web.pk), "subject_name": "web1"}
    about_old = {"subject": Subject.TEMPLATE, "subject_key": str(gone.pk), "subject_name": "=old"}
    by_anna = {"person_key": anna.pk, "person_name": "Anna Muster", "address": "192.0.2.7"}
    line = AuditLine.objects.create
    line(request=Action.START, outcome=Outcome.ACCEPTED, operation_key=failed.pk, **about_web, **by_anna)
    line(
        **about_web,
        **by_anna,
        request=Action.START,
        outcome=Outcome.FAILED,
        operation_key=failed.pk,
        reason=Problem.NOT_ENOUGH_MEMORY,
    )
    line(request=Action.DELETE, outcome=Outcome.REFUSED, reason="is_running", **about_old)
    line(request="renamed", outcome=Outcome.SEEN, by_panel=False, values={"old": "a", "new": "web1"}, **about_web)
    line(request="people:some_page", outcome=Outcome.ACCEPTED, subject=Subject.PANEL)
    return {"web": web, "old": gone}


def shown(auditor: Person, query: str) -> str:
    answer = browser_of(auditor).get(f"{reverse('audit:list')}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_line_says_it_in_words_and_leads_on(trail: dict[str, Vm], auditor: Person) -> None:
    page = shown(auditor, "")
    web, operation = trail["web"], Operation.objects.get()
    for words in ("Anna Muster", "192.0.2.7", "Renamed from a to web1", "not by this panel", "Seen"):
        assert words in page
    assert "people:some_page" in page
    assert "does not have enough free memory for web1" in page
    assert "The machine is running already." in page
    assert reverse("vms:page", args=[web.pk]) in page
    assert reverse("operations:page", args=[operation.pk]) in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"request": Action.START, "values": {"bulk": 7, "machines": 3}}, "3 machines"),
        ({"request": Request.TAGS, "values": {"added": ["a", "b"], "removed": []}}, "put on: a, b; taken off: –"),
        ({"request": Request.LIMIT, "values": {"limit": 1024 * 1024}}, "1 MiB/s"),
        ({"request": Request.LIMIT, "values": {"limit": 0}}, "as fast as possible"),
        ({"request": Action.MIGRATE, "values": {"home": "alpha", "to": "beta"}}, "From alpha to beta."),
        ({"request": Request.TRY_NODE, "values": {"address": "qemu:///system"}}, "qemu:///system"),
        (
            {
                "request": Action.USERS,
                "values": {"change": "changed", "person": "Otto", "right": "operate", "was": "use"},
            },
            "Otto may now: use + operate; before: use",
        ),
        ({"request": Request.LOG_IN, "outcome": Outcome.REFUSED, "reason": "of_later_times"}, "of_later_times"),
        ({"request": "of:later-times", "subject": Subject.VM, "subject_key": "no uuid"}, "of:later-times"),
        ({"request": Action.START, "subject": Subject.NODE, "subject_key": "4711", "subject_name": "omega"}, "omega"),
    ],
)
def test_a_line_says_more_where_there_is_more(auditor: Person, fields: dict[str, Any], words: str) -> None:
    AuditLine.objects.create(**{"outcome": Outcome.ACCEPTED, "subject": Subject.PANEL, **fields})
    assert words in shown(auditor, "")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("?q=muster", 2),
        ("?q=anna+192.0", 2),
        ("?q=OLD", 1),
        ("?q=renamed", 1),
        ("?q=nothing-like-it", 0),
        ("?q=values", 0),
        ("?outcome=refused", 1),
        ("?outcome=refused&outcome=seen", 2),
        ("?outcome=nonsense", 5),
        ("?what=power", 2),
        ("?what=machines", 2),
        ("?what=accounts", 1),
        ("?what=other", 0),
        ("?by=outside", 1),
        ("?by=panel", 4),
        ("?by=panel&by=outside", 5),
        ("?time=day", 5),
        ("?since=2020-01-01&until=2020-12-31", 0),
        ("?since=2020-01-01", 5),
        ("?since=nonsense&until=2020-99-99", 5),
        ("?until=9999-12-31&since=0001-01-01", 5),
        ("?about=person:1%00", 0),
        ("?person=99999999999999999999", 5),
        ("?sort=at", 5),
        ("?sort=person&per=25&page=99", 5),
    ],
)
def test_it_can_be_narrowed_down(trail: dict[str, Vm], auditor: Person, query: str, count: int) -> None:
    assert rows(shown(auditor, query)) == count


def test_it_can_be_narrowed_down_to_a_machine_or_a_person(trail: dict[str, Vm], auditor: Person, anna: Person) -> None:
    page = shown(auditor, f"?about={trail['web'].pk}")
    assert rows(page) == 3
    assert "Audit of web1" in page
    assert rows(shown(auditor, f"?person={anna.pk}")) == 2


def test_more_lines_than_are_counted_are_more_than_so_many(
    monkeypatch: pytest.MonkeyPatch, trail: dict[str, Vm], auditor: Person
) -> None:
    monkeypatch.setattr("vms.web.views.audit.MOST_COUNTED", 3)
    page = shown(auditor, "")
    assert "more than 3" in page
    assert page.count('data-label="Result"') == 3


def test_nothing_found_says_so(auditor: Person) -> None:
    assert "Nothing found" in shown(auditor, "?q=nothing-like-it")


def test_a_page_costs_the_same_however_many_lines(trail: dict[str, Vm], auditor: Person, add_vm: AddVm) -> None:
    browser, url = browser_of(auditor), reverse("audit:list")

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get(url)
        return len(asked)

    questions()
    few = questions()
    for number in range(5):
        vm = add_vm(f"more{number}")
        AuditLine.objects.create(
            request=Action.START,
            outcome=Outcome.ACCEPTED,
            subject=Subject.VM,
            subject_key=str(vm.pk),
            person_key=number,
        )
    assert questions() == few <= 22


def test_as_csv_it_has_words_and_codes_and_runs_nothing(trail: dict[str, Vm], auditor: Person) -> None:
    answer = browser_of(auditor).get(f"{reverse('audit:csv')}?what=machines&sort=at")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    heading, first, second = answer.getvalue().decode().removeprefix("\ufeff").splitlines()
    assert heading.startswith(
        "When,Who,User name,From address,What,Details,Kind,About,Result,Reason,person_key,request"
    )
    assert ",'=old,Refused,The machine is running already.," in first
    assert ",delete,template," in first
    assert "Renamed from a to web1" in second


def test_the_timeline_of_a_machine_tells_what_was_refused(
    vm: Vm, auditor: Person, otto: Person, nobody: Person
) -> None:
    browser_of(otto).post(reverse("vms:action", args=[vm.pk, "delete"]))
    page = reverse("vms:page", args=[vm.pk])
    said = "Delete was refused to otto"
    assert said in browser_of(auditor).get(page).content.decode()
    assert said not in browser_of(otto).get(page).content.decode()


def test_it_outlives_a_node(node: Node, administrator: Person) -> None:
    browser_of(administrator).post(reverse("nodes:remove", args=[node.pk]), {"typed": node.name})
    assert not Node.objects.exists()
    line = newest()
    assert (line.request, line.outcome, line.subject_name) == (Request.REMOVE_NODE, Outcome.ACCEPTED, "alpha")
    browser_of(administrator).get(reverse("audit:list"))
