"""A clerk that asks about backups, see tests.clerks."""

from __future__ import annotations

import django

django.setup()

from directory.models import Person  # noqa: E402 -- models may only be loaded after the setup
from tests.serving import Wish, serve  # noqa: E402 -- likewise
from vms.models import Backup, BackupTarget, StoragePool, Vm  # noqa: E402 -- likewise
from vms.operations.backing_up import request_backup, request_check, request_deletion  # noqa: E402 -- likewise
from vms.operations.backups import BackupOrder  # noqa: E402 -- likewise
from vms.operations.planning import Wish as Wanted  # noqa: E402 -- likewise
from vms.operations.restoring import (  # noqa: E402 -- likewise
    ReturnOrder,
    request_restore,
    request_restore_as_new,
)
from vms.operations.targets import TargetOrder, add_target  # noqa: E402 -- likewise


def back_up(wish: Wish) -> int:
    order = BackupOrder(
        target=BackupTarget.objects.get(folder=wish["folder"]),
        whole=wish.get("whole", False),
        with_memory=wish.get("with_memory", False),
        limit=wish.get("limit"),
    )
    return request_backup(machine(wish), order, by=admin()).pk


def check(wish: Wish) -> int:
    return request_check(backup(wish), by=admin()).pk


def delete(wish: Wish) -> int:
    return request_deletion([backup(wish)], by=admin()).pk


def restore(wish: Wish) -> int:
    found = backup(wish)
    order = ReturnOrder(pool(found, wish), wish.get("limit", 0), wish.get("with_memory", False))
    return request_restore(found, order, by=admin()).pk


def restore_as_new(wish: Wish) -> int:
    found = backup(wish)
    wanted = Wanted(wish["name"], pool(found, wish), memory=0, vcpus=1, start=wish.get("start", False))
    return request_restore_as_new(found, wanted, None, by=admin()).pk


def pool(found: Backup, wish: Wish) -> StoragePool:
    return StoragePool.objects.select_related("node").get(node=found.node, name=wish.get("pool", "images"))


def new_target(wish: Wish) -> int:
    return add_target(TargetOrder(wish["name"], wish["folder"]), by=admin()).pk


def admin() -> Person:
    return Person.objects.get(username="admin")


def machine(wish: Wish) -> Vm:
    return Vm.objects.select_related("node").get(pk=wish["vm"])


def backup(wish: Wish) -> Backup:
    return Backup.objects.select_related("vm", "target").get(pk=wish["backup"])


serve((back_up, check, delete, restore, restore_as_new, new_target))
