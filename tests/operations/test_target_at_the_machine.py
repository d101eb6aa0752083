"""`manage.py add_backup_target`: the same as the page of targets, without a browser."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from vms.models import AuditLine, BackupTarget, Node, StoragePool

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _a_pool(node: Node) -> None:
    StoragePool.objects.create(node=node, name="backups", folder="/backups")


def test_a_target_is_added_and_the_audit_trail_says_how() -> None:
    call_command("add_backup_target", "Cellar", "/backups", "--limit", "20")
    target = BackupTarget.objects.get()
    assert (target.name, target.folder, target.limit) == ("Cellar", "/backups", 20 * MIB)
    line = AuditLine.objects.get()
    assert (line.person_name, line.subject_name) == ("manage.py add_backup_target", "Cellar")


@pytest.mark.parametrize(
    ("name", "folder", "says"),
    [("cellar", "/backups", "called cellar"), ("Attic", "/backups/", "the folder"), ("Attic", "/attic", "No node")],
)
def test_what_does_not_fit_is_said(name: str, folder: str, says: str) -> None:
    call_command("add_backup_target", "Cellar", "/backups")
    with pytest.raises(CommandError, match=says):
        call_command("add_backup_target", name, folder)
    assert BackupTarget.objects.count() == 1
