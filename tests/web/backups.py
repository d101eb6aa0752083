"""A folder for backups that two nodes share, and backups in it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vms.models import Backup, BackupTarget, Node, StoragePool, Vm
from vms.rules.backing_up import file_of
from vms.rules.backups import BackupState, Consistency
from vms.web.presenters.backup_page import BackupPage

__all__ = ["address", "page_of", "taken", "target"]

MIB, GIB = 1024**2, 1024**3
_NUMBERS = count(1)


@pytest.fixture
def target(node: Node, second_node: Node) -> BackupTarget:
    for each in (node, second_node):
        StoragePool.objects.create(
            node=each, name="vault", folder="/srv/vault/", shared=True, capacity=10 * GIB, free=3 * GIB
        )
    return BackupTarget.objects.create(name="vault", folder="/srv/vault")


def taken(vm: Vm, target: BackupTarget, *, days_ago: float = 0, **fields: Any) -> Backup:
    """A good one with one disk, which took two minutes, but for what is said."""
    at, stem = timezone.now() - timedelta(days=days_ago), f"{vm.name}-{next(_NUMBERS)}"
    path = f"{target.folder}/{file_of(stem, 'vda')}"
    usual = {
        "node": vm.node,
        "state": BackupState.GOOD,
        "machine_name": vm.display_name,
        "consistency": Consistency.AT_REST,
        "requested_by_name": "ada",
        "size": GIB,
        "files": {"vda": {"path": path, "format": "qcow2", "capacity": 20 * GIB, "size": GIB}},
        "made_at": at,
        "began_at": at,
        "finished_at": at + timedelta(minutes=2),
    }
    return Backup.objects.create(vm=vm, target=target, stem=stem, **{**usual, **fields})


def address(backup: Backup, name: str = "page") -> str:
    return reverse(f"backups:{name}", args=[backup.pk])


def page_of(browser: Client, backup: Backup) -> BackupPage:
    page: BackupPage = browser.get(address(backup)).context["page"]
    return page
