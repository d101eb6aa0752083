"""The page of one backup: what it consists of and stands on, and what can be asked of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import AddVm
from tests.web.backups import address, page_of, taken, target
from tests.web.copying import browser, plain_text_of, text_of
from vms.models import AuditLine, Backup, BackupTarget, Operation, StoragePool, Vm
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request
from vms.rules.backups import BackupState, Consistency, Damage
from vms.rules.power import Power

__all__ = ["browser", "target"]

FOUND, INVALID = 302, 422

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def why_off(browser: Client, backup: Backup, name: str) -> str:
    return {button.key: button.why_off for button in page_of(browser, backup).buttons}[f"why-{name}"]


@pytest.fixture
def chain(vm: Vm, target: BackupTarget) -> tuple[Backup, Backup, Backup]:
    """The whole one first."""
    whole = taken(vm, target, days_ago=3)
    second = taken(vm, target, days_ago=2, below=whole)
    return whole, second, taken(vm, target, days_ago=1, below=second)


def test_its_files_stand_there_with_their_sizes_and_sums(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target, consistency=Consistency.WITH_MEMORY)
    path = backup.files["vda"]["path"]
    Backup.objects.update(sums={path: "a" * 64})
    files = {file.what: file for file in page_of(browser, backup).files}
    assert list(files) == [
        *("What the backup consists of", "Definition of the machine", "Memory of the machine", "Disk vda")
    ]
    disk = files["Disk vda"]
    assert (disk.name, disk.size, disk.capacity, disk.sha256) == (
        f"{backup.stem}.vda.qcow2",
        "1 GiB",
        "20 GiB",
        "a" * 64,
    )


def test_what_it_stands_on_and_what_stands_on_it(browser: Client, chain: tuple[Backup, ...]) -> None:
    whole, second, third = chain
    page = page_of(browser, second)
    assert [(link.backup.pk, link.is_this) for link in page.chain] == [(str(second.pk), True), (str(whole.pk), False)]
    assert [above.pk for above in page.above] == [str(third.pk)]
    assert page.broken == ""


def test_one_that_stands_on_a_damaged_one_cannot_be_restored(browser: Client, chain: tuple[Backup, ...]) -> None:
    whole, _second, third = chain
    Backup.objects.filter(pk=whole.pk).update(state=BackupState.DAMAGED, damage=Damage.CHANGED, evidence="other sum")
    sentence = "This backup, or one that it stands on, is damaged or not complete."
    assert page_of(browser, third).broken == sentence
    assert why_off(browser, third, "restore") == why_off(browser, third, "restore_as_new") == sentence
    assert why_off(browser, third, "check") == ""
    page = plain_text_of(browser.get(address(whole)))
    assert "its checksum is another" in page and "other sum" in page


def test_the_machine_has_to_be_off_for_a_return(browser: Client, add_vm: AddVm, target: BackupTarget) -> None:
    backup = taken(add_vm("web", Power.RUNNING), target)
    assert why_off(browser, backup, "restore") == "The machine must be stopped. Shut it down first."
    assert why_off(browser, backup, "restore_as_new") == ""


def test_nothing_can_be_done_with_files_that_no_node_reaches(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    StoragePool.objects.all().delete()
    for name in ("restore", "restore_as_new", "check", "delete"):
        assert why_off(browser, backup, name) == "No node that has the folder of this backup answers."
    assert why_off(browser, backup, "keep") == ""


def test_it_is_verified(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    answer = browser.post(address(backup, "check"))
    assert (answer.status_code, answer["Location"]) == (FOUND, address(backup))
    operation = Operation.objects.get(action=Action.CHECK_BACKUP)
    assert operation.arguments == {"backup": backup.pk}
    page = page_of(browser, backup)
    assert [each.action for each in page.under_way] == ["Verify a backup"]
    assert "A backup of this machine is just being verified or deleted." in why_off(browser, backup, "delete")
    assert "by ada" in why_off(browser, backup, "check")


def test_an_operation_leads_to_the_backup_that_it_is_about(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    browser.post(address(backup, "check"))
    operation = f"/operations/{Operation.objects.get().pk}/"
    assert browser.get(operation).context["page"].backup.url == address(backup)
    Operation.objects.update(finished_at=timezone.now())
    Backup.objects.all().delete()
    assert browser.get(operation).context["page"].backup is None


def test_a_check_that_is_not_possible_says_why(browser: Client, chain: tuple[Backup, ...]) -> None:
    browser.post(address(chain[0], "check"))
    answer = browser.post(address(chain[1], "check"), follow=True)
    assert "Verify a backup of web1 is not possible now." in plain_text_of(answer)
    assert Operation.objects.count() == 1


def test_it_is_kept_for_good_and_no_longer(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    for said, kept in (("yes", True), ("yes", True), ("no", False)):
        browser.post(address(backup, "keep"), {"kept": said})
        assert Backup.objects.get().kept is kept
    requests = AuditLine.objects.filter(outcome=Outcome.ACCEPTED).values_list("request", flat=True)
    assert {Request.KEEP_BACKUP, Request.KEEP_BACKUP_NO_LONGER} <= {*requests}


def test_notes_are_written(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    assert browser.post(address(backup, "notes"), {"notes": "before the upgrade"}).status_code == FOUND
    assert "before the upgrade" in text_of(browser.get(address(backup)))


def test_notes_that_are_too_long_are_not_lost(browser: Client, vm: Vm, target: BackupTarget) -> None:
    backup = taken(vm, target)
    answer = browser.post(address(backup, "notes"), {"notes": "x" * 10_001})
    assert answer.status_code == INVALID
    assert "x" * 10_001 in text_of(answer)
    assert Backup.objects.get().notes == ""
