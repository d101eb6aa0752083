from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.edits import with_hardware
from tests.operations.streaming import add_origin, ask_for, come_to_the_pull
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm
from vms.rules.power import Power


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
def off(add_vm: AddVm, alpha: FakeNode) -> Vm:
    """web1 with something of each kind to change: see tests.operations.edits."""
    return with_hardware(add_vm("web1"), alpha)


@pytest.fixture
def on(add_vm: AddVm, alpha: FakeNode) -> Vm:
    """The same, running."""
    return with_hardware(add_vm("web1", Power.RUNNING), alpha)
