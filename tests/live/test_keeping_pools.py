"""Dynamic VMs on real nodes: made from a golden image, used, thrown away; and what is left of them: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from tests.nodes import Nodes, define, tiny_machine_xml, wait_until
from tests.operations.keeping import free, machines
from tests.operations.streaming import look_at
from tests.operations.working import fresh, step
from vms.hypervisor.machine_xml import PanelMark
from vms.models import Node, Operation, StoragePool, Vm, VmPool
from vms.operations import reaching
from vms.operations.keeper import keep
from vms.operations.reaching import reach
from vms.rules.kinds import Kind, Mode
from vms.rules.pools import PoolKind
from vms.rules.progress import Progress

pytestmark = [pytest.mark.live, pytest.mark.django_db]

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def real_nodes(settings: Settings) -> Iterator[None]:
    settings.HYPERVISOR_DRIVER = "vms.hypervisor.libvirt_driver"
    reaching.driver.cache_clear()
    yield
    reaching.driver.cache_clear()


@dataclass(frozen=True)
class Place:
    """A dynamic pool on alpha, of which two run for nobody yet, and the folder of its images."""

    pool: VmPool
    nodes: Nodes
    folder: Path

    def files(self) -> set[str]:
        with self.nodes.alpha.connected() as connection:
            storage = connection.storagePoolLookupByName("images")
            storage.refresh()
            return set(storage.listVolumes())

    def names(self) -> set[str]:
        with self.nodes.alpha.connected() as connection:
            return {domain.name() for domain in connection.listAllDomains()}

    def go_on(self) -> None:
        """Keeper, workers and watcher, until there is nothing more to do."""
        assert wait_until(self._is_settled, seconds=60)

    def _is_settled(self) -> bool:
        look_at(Node.objects.get())
        for operation in Operation.objects.filter(finished_at=None):
            step(operation)
        promised = keep(self.pool.pk)
        return not promised and not Operation.objects.filter(finished_at=None).exists()


@pytest.fixture
def place(empty_nodes: Nodes) -> Place:
    now, there = timezone.now(), empty_nodes.alpha
    node = Node.objects.create(
        name="alpha", uri=there.uri, reachable=True, contact_since=now, last_contact_at=now, memory_free=1024 * MIB
    )
    pool = VmPool.objects.create(name="class", kind=PoolKind.DYNAMIC, pre_started=2, most_vms=3)
    with there.connected() as connection:
        xml = connection.storagePoolLookupByName("images").XMLDesc()
        folder = Path(xml.partition("<path>")[2].partition("</path>")[0])
        reach(node).make_image(str(folder / "gold.qcow2"), 16 * MIB)
        uuid = uuid4()
        define(connection, tiny_machine_xml("gold", uuid, disks=(folder / "gold.qcow2",), graphics=True))
    StoragePool.objects.create(node=node, name="images", folder=str(folder))
    reach(node).write_mark(uuid, PanelMark(Kind.GOLDEN_IMAGE, Mode.READY_FOR_USE, "gold", pool=pool.pk))
    look_at(node)
    VmPool.objects.update(active=Vm.objects.get(pk=uuid))
    return Place(pool, empty_nodes, folder)


def test_they_are_made_used_and_thrown_away_and_the_golden_image_stays(place: Place):
    place.go_on()
    assert sorted(vm.display_name for vm in free(place.pool)) == ["class-1", "class-2"]
    assert place.names() == {"gold", "class-1", "class-2"}
    used = free(place.pool)[0]
    Vm.objects.filter(pk=used.pk).update(assigned_at=timezone.now())
    place.go_on()
    assert len(machines(place.pool)) == 3
    with place.nodes.alpha.connected() as connection:
        connection.lookupByUUIDString(str(used.uuid)).destroy()
    place.go_on()
    assert fresh(used).deleted_at
    assert place.names() == {"gold", *(vm.name for vm in free(place.pool))}
    VmPool.objects.update(is_on=False)
    place.go_on()
    assert (place.names(), place.files()) == ({"gold"}, {"gold.qcow2"})


def test_one_that_somebody_else_removes_leaves_no_file_behind(place: Place):
    place.go_on()
    lost = free(place.pool)[0]
    with place.nodes.alpha.connected() as connection:
        domain = connection.lookupByUUIDString(str(lost.uuid))
        domain.undefine()
        domain.destroy()
    place.go_on()
    assert fresh(lost).deleted_at
    assert len(place.files()) == 3
    assert len(free(place.pool)) == 2


def test_without_the_file_of_its_golden_image_nothing_is_left(place: Place):
    reach(Node.objects.get()).delete_disk(str(place.folder / "gold.qcow2"))
    place.go_on()
    assert set(Operation.objects.values_list("progress", flat=True)) == {Progress.FAILED}
    assert (place.names(), place.files(), machines(place.pool)) == ({"gold"}, set(), [])
