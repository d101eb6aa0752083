"""Machines of all shapes, edited: a real node takes each result if it took the machine as it was."""

from __future__ import annotations

from uuid import UUID

import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import real_place
from tests.hypervisor.editings import CORPUS, EDITS
from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import HypervisorError
from vms.hypervisor.machine_xml import edited, hardware_of
from vms.rules.differences import left_to_do
from vms.rules.editing import in_definition, plan

pytestmark = pytest.mark.live


@pytest.fixture
def node(live_node: LocalNode) -> Hypervisor:
    return real_place(live_node).connect()


# These need processors or parts that a small node does not have.
ELSEWHERE = {
    "arm-virt",
    "encrypted-memory",
    "kvm-on-real-nodes",
    "ppc64-pseries",
    "riscv-virt",
    "s390x-ccw",
    "shared-folders",
    "uefi-secure-boot",
}
# What only the node can know, and then says before anything is changed.
REFUSED = {
    ("passed-through", "a disk on scsi"),
    ("passed-through", "a CD-ROM drive"),
    ("passed-through", "disks on scsi"),
    ("sr-iov", "e1000"),
    ("other-screens", "no screen"),
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_node_takes_edit_after_edit(name: str, node: Hypervisor) -> None:
    vm = defined(node, CORPUS[name])
    if vm is None:
        assert name in ELSEWHERE
        return
    try:
        for edit in edits_of(name):
            require_taken(node, vm, edit, may_be_refused=(name, edit) in REFUSED)
    finally:
        node.undefine(vm)


def edits_of(name: str) -> list[str]:
    """A third of them, another third of the next machine: a node takes its time."""
    return list(EDITS)[sorted(CORPUS).index(name) % 3 :: 3]


def defined(node: Hypervisor, xml: str) -> UUID | None:
    try:
        return node.define(xml)
    except HypervisorError:
        return None


def require_taken(node: Hypervisor, vm: UUID, edit: str, *, may_be_refused: bool) -> None:
    found = node.definition(vm)
    before = hardware_of(found.xml)
    changes = in_definition(plan(before, EDITS[edit](before)))
    if not changes:
        return
    try:
        node.redefine(vm, edited(found.xml, changes), instead_of=found.digest)
    except HypervisorError as error:
        assert may_be_refused, (edit, error)
        assert node.definition(vm) == found
    else:
        assert left_to_do(changes, hardware_of(node.definition(vm).xml)) == [], edit
