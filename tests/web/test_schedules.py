"""The pages of schedules: in plain words, with the next runs, and what has become of each machine."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.schedules import (
    SetClock,
    ada,
    add_backup,
    add_schedule,
    clock,
    end_backup,
    look,
    nightly,
    target,
)
from tests.web.conftest import browser_of
from vms import labels
from vms.models import Backup, BackupSchedule, BackupTarget, BackupTurn, Operation, Vm
from vms.rules.actions import Action, Slot
from vms.rules.backups import Covers, Retention, Rhythm, Schedule
from vms.rules.kinds import Kind
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.status import Second
from vms.web.presenters.schedule_turns import OUTCOMES, count_outcomes

__all__ = ["ada", "clock", "nightly", "target"]

LIST, ADD, PREVIEW = "/backups/schedules/", "/backups/schedules/add/", "/backups/schedules/preview/"


@pytest.fixture
def page(ada: Person) -> Client:
    return browser_of(ada)


def text(page: Client, address: str, **entered: Any) -> str:
    answer = page.get(address, entered)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def filled_in(to: BackupTarget, **changes: Any) -> dict[str, Any]:
    usual = {"name": "Every night", "covers": "vms", "target": to.pk, "rhythm": "daily", "time": "02:30"}
    numbers = {"weekday": 6, "day": 1, "spread": 60, "longest_chain": 6, "check_every": 30}
    keeps = {"keep_last": 0, "keep_daily": 7, "keep_weekly": 4, "keep_monthly": 6}
    return {**usual, **numbers, **keeps, **changes}


def url(schedule: BackupSchedule, more: str = "") -> str:
    return f"/backups/schedules/{schedule.pk}/{more}"


def test_without_a_target_one_is_led_to_add_it(page: Client) -> None:
    for address in (LIST, ADD):
        assert "/backups/targets/add/" in text(page, address)


def test_the_form_begins_with_what_most_people_want(page: Client, vm: Vm, target: BackupTarget) -> None:
    shown = text(page, ADD)
    assert "Every day at 02:00" in shown
    assert shown.count('<li><span class="runs__day">') == 5
    assert "one a day, for 7 days" in shown


def test_a_schedule_is_added_and_shown_in_plain_words(page: Client, vm: Vm, target: BackupTarget) -> None:
    answer = page.post(ADD, filled_in(target, rhythm="weekly", weekday=4, time="23:15"), follow=True)
    schedule = BackupSchedule.objects.get()
    assert answer.redirect_chain == [(url(schedule), 302)]
    shown = answer.content.decode()
    for words in ("Every week on Friday at 23:15", "All virtual machines", "1 machine", "Vault", "Over 1 h"):
        assert words in shown
    assert (schedule.hour, schedule.minute, schedule.weekday, schedule.changed_by_name) == (23, 15, 4, "ada")


def test_chosen_machines_are_kept_and_what_was_ticked_for_another_choice_is_not(
    page: Client, add_vm: AddVm, target: BackupTarget
) -> None:
    one, two = add_vm("web1"), add_vm("web2")
    ticked = {"machines": [str(one.pk)], "excluded": [str(two.pk)]}
    page.post(ADD, filled_in(target, covers="chosen", **ticked))
    schedule = BackupSchedule.objects.get()
    assert (list(schedule.machines.all()), list(schedule.excluded.all())) == ([one], [])
    page.post(url(schedule, "edit/"), filled_in(target, covers="all", **ticked))
    assert (list(schedule.machines.all()), list(schedule.excluded.all())) == ([], [two])
    shown = text(page, url(schedule))
    assert "Left out" in shown and ">web2</a>" in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "NIGHTLY"}, "There is a schedule with this name already"),
        ({"time": "25:00"}, "Enter a time of day"),
        ({"rhythm": "monthly", "day": "32"}, "Enter a day of the month"),
        ({"rhythm": "hourly"}, "not one of the available choices"),
        ({"covers": "chosen"}, "Tick the machines"),
        ({"keep_daily": "-1"}, "greater than or equal to 0"),
        ({"longest_chain": ""}, "This field is required"),
        ({"target": "4711"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_saves_nothing(
    page: Client, vm: Vm, nightly: BackupSchedule, wrong: dict[str, Any], said: str
) -> None:
    answer = page.post(ADD, filled_in(nightly.target, **wrong))
    assert (answer.status_code, BackupSchedule.objects.count()) == (422, 1)
    shown = " ".join(answer.content.decode().split())
    assert said in shown and "field__error" in shown


def test_what_is_not_shown_for_this_rhythm_is_not_wrong(page: Client, target: BackupTarget) -> None:
    page.post(ADD, filled_in(target, day="99", weekday="x"))
    assert (BackupSchedule.objects.get().day, BackupSchedule.objects.get().weekday) == (1, 6)


def test_a_machine_that_was_deleted_meanwhile_is_left_out(page: Client, add_vm: AddVm, target: BackupTarget) -> None:
    one, gone = add_vm("web1"), add_vm("web2")
    Vm.objects.filter(pk=gone.pk).update(deleted_at=one.found_at)
    page.post(ADD, filled_in(target, covers="chosen", machines=[str(one.pk), str(gone.pk), "nonsense"]))
    assert list(BackupSchedule.objects.get().machines.all()) == [one]


def test_the_next_runs_are_told_while_one_types(page: Client, target: BackupTarget, clock: SetClock) -> None:
    clock("2026-03-10T12:00")
    entered = filled_in(target, rhythm="monthly", day=31, time="01:00", keep_daily=1, keep_weekly=0, keep_monthly=0)
    shown = text(page, PREVIEW, **entered)
    assert "<html" not in shown
    assert re.findall(r'datetime="2026-(..-..)T01:00', shown) == ["03-31", "04-30", "05-31", "06-30", "07-31"]
    assert "in shorter months on their last day" in shown
    assert "one a day, for 1 day" in shown and "one a week" not in shown


@pytest.mark.parametrize("wrong", [{}, {"time": ""}, {"time": "soon"}, {"keep_last": "x"}, {"rhythm": "monthly"}])
def test_what_cannot_be_told_yet_is_said(page: Client, target: BackupTarget, wrong: dict[str, str]) -> None:
    entered = filled_in(target, day="", **wrong) if wrong else {}
    shown = text(page, PREVIEW, **entered)
    assert "runs__day" not in shown and "<li>" in shown


def test_without_a_script_a_button_shows_the_same_and_keeps_what_was_entered(
    page: Client, add_vm: AddVm, nightly: BackupSchedule
) -> None:
    vm = add_vm("web1")
    entered = filled_in(nightly.target, name="Changed", rhythm="weekly", weekday=2, machines=[str(vm.pk)], time="04:05")
    shown = text(page, url(nightly, "edit/"), **entered)
    assert "Every week on Wednesday at 04:05" in shown
    assert 'value="Changed"' in shown and f'id="id_machines_{vm.pk}" checked' in shown
    assert "field__error" not in shown
    nightly.refresh_from_db()
    assert nightly.name == "Nightly"


def test_the_token_does_not_go_into_addresses(page: Client, target: BackupTarget) -> None:
    shown = text(page, ADD)
    form = shown[shown.index('<form class="edit schedule"') :].partition("</form>")[0]
    assert form.count("csrfmiddlewaretoken") == 1
    assert '<button type="submit" class="button button--primary" name="csrfmiddlewaretoken"' in form


def test_the_list_says_when_what_and_what_came_of_it(
    page: Client, add_vm: AddVm, nightly: BackupSchedule, clock: SetClock
) -> None:
    one, two = add_vm("web1"), add_vm("web2")
    clock("2026-03-11T02:00")
    look()
    end_backup(one)
    end_backup(two, Progress.FAILED, problem=Problem.NO_SPACE)
    look()
    shown = text(page, LIST)
    for words in ("Nightly", "Every day at 02:00", "2 machines", "Backed up <b>1</b>", "Failed <b>1</b>"):
        assert words in shown
    assert "Nothing found" in text(page, LIST, q="nowhere")


def test_the_page_says_what_has_become_of_each_machine(
    page: Client, add_vm: AddVm, nightly: BackupSchedule, clock: SetClock
) -> None:
    one, two = add_vm("web1"), add_vm("web2")
    Operation.objects.create(vm=two, node=two.node, action=Action.MIGRATE, slot=Slot.JOB, second=Second.MIGRATING)
    clock("2026-03-11T02:00")
    look()
    shown = text(page, url(nightly))
    assert ">web1</a>" in shown and "/operations/" in shown
    assert "Waiting" in shown and str(labels.REASON[Reason.IS_MIGRATING]) in unescape(shown)
    clock("2026-03-12T02:00")
    look()
    assert ">web1</a>" not in text(page, url(nightly), show="missed")
    assert ">web2</a>" in text(page, url(nightly), show="missed")
    assert "Nothing" not in text(page, url(nightly), show="all")
    assert one.pk != two.pk


def test_it_is_switched_off_and_on_and_run_now(page: Client, vm: Vm, nightly: BackupSchedule) -> None:
    assert "Schedule Nightly is off" in page.post(url(nightly, "switch/"), {"on": "no"}, follow=True).content.decode()
    assert "nothing of this is done" in text(page, url(nightly))
    again = page.post(url(nightly, "switch/"), {"on": "no"}, follow=True).content.decode()
    assert "was off already" in again
    page.post(url(nightly, "switch/"), {"on": "yes"})
    nightly.refresh_from_db()
    assert nightly.is_on
    ran = page.post(url(nightly, "run/"), follow=True).content.decode()
    assert "1 machine has its turn" in ran
    assert BackupTurn.objects.count() == 1


def test_before_it_is_removed_it_says_what_stays(
    page: Client, vm: Vm, nightly: BackupSchedule, target: BackupTarget
) -> None:
    add_backup(vm, nightly, target, 1)
    assert "The backup that it has made stays" in text(page, url(nightly, "remove/"))
    assert page.post(url(nightly, "remove/"))["Location"] == LIST
    gone = page.get(url(nightly), follow=True)
    assert gone.redirect_chain == [(LIST, 302)] and "not there any more" in gone.content.decode()
    assert (BackupSchedule.objects.count(), Backup.objects.count()) == (0, 1)


def test_who_only_looks_has_no_buttons(vm: Vm, nightly: BackupSchedule, auditor: Person) -> None:
    shown = text(browser_of(auditor), url(nightly)) + text(browser_of(auditor), LIST)
    assert "Every day at" in shown
    assert not [word for word in ("/edit/", "/run/", "/switch/", "/remove/", "/add/") if word in shown]


@pytest.mark.parametrize("has_ended", [True, False])
@pytest.mark.parametrize("progress", [None, *Progress])
def test_every_turn_has_exactly_one_outcome(
    vm: Vm, nightly: BackupSchedule, has_ended: bool, progress: Progress | None
) -> None:
    operation = Operation.objects.create(vm=vm, action="back_up", slot="job", progress=progress) if progress else None
    now = nightly.last_run
    nightly.turns.create(vm=vm, run_at=now, not_before=now, operation=operation, finished_at=now if has_ended else None)
    counts = count_outcomes(nightly.turns.all())
    assert (set(counts), sum(counts.values())) == (set(OUTCOMES), 1)


def test_the_number_of_queries_does_not_grow_with_the_machines(
    page: Client,
    add_vm: AddVm,
    target: BackupTarget,
    ada: Person,
    clock: SetClock,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    vms = tuple(add_vm(f"web{number:02}") for number in range(20))
    add_vm("debian", kind=Kind.TEMPLATE)
    times, keep = Schedule(Rhythm.DAILY, 2), Retention(last=1)
    schedule = add_schedule(target, ada, covers=Covers.CHOSEN, machines=vms, times=times, keep=keep)
    clock("2026-03-11T02:00")
    look()
    for address, most in ((url(schedule), 30), (url(schedule, "edit/"), 25), (LIST, 25)):
        with django_assert_max_num_queries(most):
            page.get(address)
    assert "template" in text(page, url(schedule, "edit/"))
    assert reverse("backups:schedule", args=[schedule.pk]) == url(schedule)
