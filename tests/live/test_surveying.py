"""Where machines of real nodes could be moved, and that a node that hangs holds nobody up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from demo.machines import Machine
from demo.nodes import LocalNode
from tests.hypervisor.conftest import forget
from tests.nodes import Nodes, define
from tests.operations.places import tell_of
from tests.operations.working import fresh, look
from vms.models import Node, Vm
from vms.operations import reaching
from vms.operations.surveying import SECONDS_FOR_ALL, judge_everywhere, judge_now
from vms.rules.preflight import Judgement, Lack, Tie, Way

pytestmark = [pytest.mark.live, pytest.mark.django_db]

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def real_nodes(settings: Settings, empty_nodes: Nodes) -> Iterator[None]:
    settings.SHARED_FOLDERS = [str(empty_nodes.shared)]
    settings.HYPERVISOR_DRIVER = "vms.hypervisor.libvirt_driver"
    reaching.driver.cache_clear()
    yield
    for node in empty_nodes:
        node.thaw()
        forget(node.uri)
    reaching.driver.cache_clear()


@pytest.fixture
def home(empty_nodes: Nodes) -> Node:
    return known(empty_nodes.alpha)


@pytest.fixture
def other(empty_nodes: Nodes) -> Node:
    return known(empty_nodes.beta)


def known(there: LocalNode) -> Node:
    now = timezone.now()
    node = Node.objects.create(name=there.name, uri=there.uri, reachable=True, contact_since=now, last_contact_at=now)
    tell_of(node)
    return node


def machine(there: LocalNode, home: Node, folder: Path, *, on: bool = True) -> Vm:
    disk = folder / f"{uuid4()}.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M"], check=True)
    disk.chmod(0o666)
    with there.connected() as connection:
        connection.storagePoolLookupByName("images").refresh()
        domain = define(connection, Machine("web1", disks=(disk,)).xml())
        if on:
            domain.create()
        vm = Vm(pk=domain.UUIDString(), node=home)
    look(vm)
    return fresh(vm)


def against(judgement: Judgement) -> list[str]:
    return [*judgement.obstacles, *judgement.lacks, *judgement.ties]


def test_a_running_machine_takes_its_local_disk_along(empty_nodes: Nodes, home: Node, other: Node) -> None:
    vm = machine(empty_nodes.alpha, home, empty_nodes.alpha.images)
    best, last = judge_everywhere(vm)
    assert (best.node.key, best.way, best.copies, against(best)) == (other.pk, Way.LIVE, ("vda",), [])
    assert 0 < best.to_copy < MIB
    assert set(best.folders) == {str(empty_nodes.beta.images), str(empty_nodes.shared)}
    assert (last.node.key, against(last)) == (home.pk, [Lack.IS_HOME])


@pytest.mark.parametrize(("on", "way"), [(True, Way.LIVE), (False, Way.OFFLINE)])
def test_a_disk_that_both_see_stays(on: bool, way: Way, empty_nodes: Nodes, home: Node, other: Node) -> None:
    vm = machine(empty_nodes.alpha, home, empty_nodes.shared, on=on)
    found = judge_now(vm, other)
    assert (found.way, found.copies, against(found)) == (way, (), [])


def test_one_that_is_off_is_held_while_its_disk_is_copied(empty_nodes: Nodes, home: Node, other: Node) -> None:
    vm = machine(empty_nodes.alpha, home, empty_nodes.alpha.images, on=False)
    found = judge_now(vm, other)
    assert (found.way, found.copies, against(found)) == (Way.HELD, ("vda",), [])


def test_what_stands_against_it_is_said(empty_nodes: Nodes, home: Node, other: Node) -> None:
    vm = machine(empty_nodes.alpha, home, empty_nodes.alpha.images, on=False)
    with empty_nodes.alpha.connected() as connection:
        connection.lookupByName("web1").snapshotCreateXML("<domainsnapshot><name>one</name></domainsnapshot>")
    with empty_nodes.beta.connected() as connection:
        define(connection, Machine("web1").xml())
    assert against(judge_now(vm, other)) == [Lack.NAME_TAKEN, Tie.SNAPSHOTS]


def test_a_node_that_hangs_is_waited_for_no_longer_than_all_others(empty_nodes: Nodes, home: Node, other: Node) -> None:
    vm = machine(empty_nodes.alpha, home, empty_nodes.shared)
    assert against(judge_everywhere(vm)[0]) == []
    empty_nodes.beta.freeze()
    began = monotonic()
    found = {each.node.key: each for each in judge_everywhere(vm)}
    assert monotonic() - began < SECONDS_FOR_ALL + 0.5
    assert against(found[other.pk]) == [Lack.NOT_ASKED]
