from __future__ import annotations

import pytest

from directory.models import Person
from tests.operations.streaming import add_origin, ask_for, come_to_the_pull
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm


@pytest.fixture
def template(node: Node, alpha: FakeNode) -> Vm:
    return add_origin(node, alpha)


@pytest.fixture
def stream(template: Vm, alpha: FakeNode, anna: Person) -> Operation:
    """web-01, whose only disk is being copied, held."""
    return come_to_the_pull(ask_for(template, "web-01", by=anna)[0], alpha)
