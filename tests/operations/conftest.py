from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.edits import with_hardware
from tests.operations.migrating import SHARED, add_mover, come_to_the_move, send, share, take_steps
from tests.operations.streaming import add_origin, ask_for, come_to_the_pull
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm
from vms.operations.steps import backup_begin
from vms.rules.power import Power


@pytest.fixture(autouse=True)
def _fake_copies_stand_still_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_begin, "STANDS_STILL_FOR", timedelta(0))


@pytest.fixture
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def template(node: Node, alpha: FakeNode) -> Vm:
    return add_origin(node, alpha)


@pytest.fixture
def stream(template: Vm, alpha: FakeNode, anna: Person) -> Operation:
    """web-01, whose only disk is being copied, held."""
    return come_to_the_pull(ask_for(template, "web-01", by=anna)[0], alpha)


@pytest.fixture
def to(node: Node, alpha: FakeNode, second_node: Node, beta: FakeNode) -> Node:
    """The node beta, with a folder in which it sees the same files as alpha."""
    share((node, alpha), (second_node, beta))
    return second_node


@pytest.fixture
def mover(node: Node, alpha: FakeNode, to: Node) -> Vm:
    """web1, running on alpha, with a disk that both nodes see."""
    return add_mover(node, alpha, f"{SHARED}/web1.qcow2")


@pytest.fixture
def local(node: Node, alpha: FakeNode, to: Node) -> Vm:
    """web1, running on alpha, with a disk that only alpha sees."""
    return add_mover(node, alpha, "/images/web1.qcow2")


@pytest.fixture
def moving(mover: Vm, to: Node, alpha: FakeNode, anna: Person) -> Operation:
    """web1 on its way to beta, as its worker has just seen."""
    return take_steps(come_to_the_move(send(mover, to, anna), alpha), 1)


@pytest.fixture
def off(add_vm: AddVm, alpha: FakeNode) -> Vm:
    """web1 with something of each kind to change: see tests.operations.edits."""
    return with_hardware(add_vm("web1"), alpha)


@pytest.fixture
def on(add_vm: AddVm, alpha: FakeNode) -> Vm:
    """The same, running."""
    return with_hardware(add_vm("web1", Power.RUNNING), alpha)
