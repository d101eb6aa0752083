"""What became of a backup, in words: on the page of the operation."""

from __future__ import annotations

import pytest
from django.test import Client

from directory.models import Person
from tests.operations.taking import GIB, add_machine, add_target, ask_for_backup, come_to_the_copy, take_steps
from vms.hypervisor.fake import FakeNode
from vms.models import BackupTarget, Node, Vm

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(node: Node, alpha: FakeNode) -> BackupTarget:
    return add_target(node, alpha)


@pytest.fixture
def vm(node: Node, alpha: FakeNode) -> Vm:
    return add_machine(node, alpha)


def page_of(operation: int, reader: Person) -> str:
    client = Client()
    client.force_login(reader)
    return client.get(f"/operations/{operation}/").content.decode()


def test_room_is_told_as_people_read_it(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person) -> None:
    alpha.pools[target.folder].free = GIB // 64
    operation = take_steps(ask_for_backup(vm, target, anna))
    page = page_of(operation.pk, anna)
    assert "may take up to 64" in page
    assert "only 16" in page
    assert target.folder in page


def test_each_step_has_a_name(vm: Vm, target: BackupTarget, alpha: FakeNode, anna: Person) -> None:
    operation = come_to_the_copy(ask_for_backup(vm, target, anna), alpha)
    page = page_of(operation.pk, anna)
    for step in ("Check that the node has the folder", "Copy the disks as they were", "Write down what the backup"):
        assert step in page
