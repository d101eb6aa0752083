"""Before a backup is deleted, the page says what goes with it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Person
from tests.web.backups import taken, target
from tests.web.copying import browser, plain_text_of, text_of
from vms.models import Backup, BackupTarget, Operation, Vm
from vms.rules.actions import Action
from vms.rules.backups import BackupState
from vms.web.presenters.confirming import Confirmation

__all__ = ["browser", "target"]

FOUND, CONFLICT = 302, 409

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def url(backup: Backup) -> str:
    return reverse("backups:delete", args=[backup.pk])


def question(browser: Client, backup: Backup) -> Confirmation:
    asked: Confirmation = browser.get(url(backup)).context["confirm"]
    return asked


@pytest.fixture
def whole(vm: Vm, target: BackupTarget) -> Backup:
    return taken(vm, target, days_ago=3)


@pytest.fixture
def changes(vm: Vm, target: BackupTarget, whole: Backup) -> Backup:
    return taken(vm, target, days_ago=2, below=whole)


def test_it_names_the_machine_and_what_goes(browser: Client, whole: Backup, changes: Backup) -> None:
    asked = question(browser, whole)
    assert asked.title == "Delete this backup of web1?"
    assert "2 GiB of files" in asked.text and "cannot be undone" in asked.text
    above, last = asked.points
    assert above.startswith("1 later backup stands on it and is deleted with it:")
    assert last == "Afterwards there is no good backup of web1 any more."
    assert asked.label == "Delete 2 backups"
    assert not Operation.objects.exists()


def test_one_that_nothing_stands_on_goes_alone(browser: Client, whole: Backup, changes: Backup) -> None:
    asked = question(browser, changes)
    assert (asked.points, asked.label) == ([], "Delete the backup")


def test_one_that_was_to_be_kept_is_said_to_be(browser: Client, vm: Vm, target: BackupTarget, whole: Backup) -> None:
    kept = taken(vm, target, kept=True)
    assert question(browser, kept).points == ["1 of what goes was to be kept for good."]


def test_all_that_stand_on_it_go_before_it(browser: Client, whole: Backup, changes: Backup) -> None:
    answer = browser.post(question(browser, whole).url)
    assert (answer.status_code, answer["Location"]) == (FOUND, "/backups/")
    operation = Operation.objects.get(action=Action.DELETE_BACKUP)
    assert operation.arguments == {"backups": [changes.pk, whole.pk]}
    assert "2 backups of web1 are being deleted." in plain_text_of(browser.get("/backups/"))


def test_what_was_not_named_does_not_go(browser: Client, vm: Vm, target: BackupTarget, whole: Backup) -> None:
    asked = question(browser, whole)
    taken(vm, target, below=whole)
    answer = browser.post(asked.url)
    assert answer.status_code == CONFLICT
    page = plain_text_of(answer)
    assert "Something else stands on this backup by now." in page and "1 later backup" in page
    assert not Operation.objects.exists()
    assert browser.post(url(whole)).status_code == CONFLICT


def test_while_another_is_worked_on_it_says_so(browser: Client, whole: Backup, changes: Backup) -> None:
    browser.post(reverse("backups:check", args=[changes.pk]))
    asked = question(browser, whole)
    assert "A backup of this machine is just being verified or deleted." in asked.refused
    assert "<form" not in text_of(browser.get(url(whole))).partition('class="ask')[2].partition("</main>")[0]
    answer = browser.post(asked.url, follow=True)
    assert "Delete a backup of web1 is not possible now." in plain_text_of(answer)


def test_one_that_is_being_made_on_top_of_it_stays_in_the_way(
    browser: Client, vm: Vm, target: BackupTarget, whole: Backup, administrator: Person
) -> None:
    taken(vm, target, below=whole, state=BackupState.MAKING)
    answer = browser.post(question(browser, whole).url, follow=True)
    assert "is not possible now" in plain_text_of(answer)
    assert Backup.objects.count() == 2
