"""Machines made on real nodes: from an ISO image, from disk images, and what is left when that fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.images import iso
from tests.nodes import Nodes, wait_until
from tests.operations.test_storing import bring
from tests.operations.working import fresh, look, step
from vms.hypervisor.machine_xml import describe
from vms.models import Node, Operation, StoragePool
from vms.operations import reaching
from vms.operations.creating import Source, request_machine
from vms.operations.planning import Wish
from vms.operations.requesting import cancel
from vms.rules.images import FileKind, ImageFault
from vms.rules.kinds import Kind, Mode
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

pytestmark = [pytest.mark.live, pytest.mark.django_db]

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def real_nodes(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.UPLOADS = tmp_path / "uploads"
    settings.HYPERVISOR_DRIVER = "vms.hypervisor.libvirt_driver"
    settings.VIRTUALISATION = "qemu"
    reaching.driver.cache_clear()
    yield
    reaching.driver.cache_clear()


@pytest.fixture
def pool(empty_nodes: Nodes) -> StoragePool:
    """That of images on alpha."""
    now, there = timezone.now(), empty_nodes.alpha
    node = Node.objects.create(name="alpha", uri=there.uri, reachable=True, contact_since=now, last_contact_at=now)
    with there.connected() as connection:
        xml = connection.storagePoolLookupByName("images").XMLDesc()
    folder = xml.partition("<path>")[2].partition("</path>")[0]
    return StoragePool.objects.create(node=node, name="images", folder=folder)


def ask(pool: StoragePool, by: Person, source: Source, **wish: Any) -> Operation:
    chosen: dict[str, Any] = {
        "network": "",
        "kind": Kind.TEMPLATE,
        "mode": Mode.FIRST_INSTALLATION,
        "notes": "A <template> & more",
    }
    chosen = {"memory": 64 * MIB, "vcpus": 1, **chosen, **wish}
    return request_machine(Wish("debian", pool, **chosen), source, uuid4(), by=by)


def work(operation: Operation, *, until: Phase | None = None) -> Operation:
    def has_come_so_far() -> bool:
        step(operation)
        operation.refresh_from_db()
        if operation.finished_at is None:
            look(operation.vm)
        return bool(operation.finished_at) or operation.phase == until

    assert wait_until(has_come_so_far, seconds=60), operation.phase
    return operation


def images_in(pool: StoragePool) -> list[str]:
    return sorted(path.name for path in Path(pool.folder).iterdir())


def image(tmp_path: Path, kind: FileKind) -> Path:
    """4 MiB, of which 1 MiB is not nothing."""
    raw, path = tmp_path / "content", tmp_path / f"image.{kind}"
    raw.write_bytes(os.urandom(MIB) + bytes(3 * MIB))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(path)], check=True)
    return path


def is_the_same(first: Path, first_format: str, second: Path) -> bool:
    compare = ["qemu-img", "compare", "-f", first_format, "-F", "qcow2", str(first), str(second)]
    return subprocess.run(compare, check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_one_from_an_iso_starts_with_it_in_its_drive(pool: StoragePool, empty_nodes: Nodes, anna: Person) -> None:
    operation = work(ask(pool, anna, Source(bring(iso(MIB), anna)), capacity=64 * MIB))
    assert operation.progress == Progress.SUCCEEDED, operation.evidence
    with empty_nodes.alpha.connected() as connection:
        domain = connection.lookupByUUIDString(str(operation.vm_id))
        domain.create()
        xml = domain.XMLDesc()
    assert operation.arguments["cdrom"] in xml
    assert "A &lt;template&gt; &amp; more" in xml
    assert Path(operation.arguments["cdrom"]).read_bytes() == iso(MIB)


def test_a_vm_from_an_iso_is_on_when_that_was_asked_for(pool: StoragePool, empty_nodes: Nodes, anna: Person) -> None:
    source = Source(bring(iso(MIB), anna))
    operation = work(ask(pool, anna, source, capacity=64 * MIB, kind=Kind.VM, mode=None, start=True))
    assert operation.progress == Progress.SUCCEEDED, operation.evidence
    with empty_nodes.alpha.connected() as connection:
        domain = connection.lookupByUUIDString(str(operation.vm_id))
        assert domain.isActive()
        found = describe(domain.XMLDesc())
    assert (found.panel.kind, found.panel.mode, found.boot_devices) == (Kind.VM, None, ("cdrom", "hd"))
    assert found.disks[1].source == operation.arguments["cdrom"]
    look(operation.vm)
    assert fresh(operation.vm).status.name == "Running"


def test_a_vm_made_of_an_image_runs_from_a_disk_of_its_own(
    pool: StoragePool, empty_nodes: Nodes, anna: Person, tmp_path: Path
) -> None:
    source = Source(bring(image(tmp_path, FileKind.QCOW2).read_bytes(), anna, "disk", FileKind.QCOW2))
    operation = work(ask(pool, anna, source, kind=Kind.VM, mode=None, start=True))
    assert operation.progress == Progress.SUCCEEDED, operation.evidence
    (disk,) = images_in(pool)
    with empty_nodes.alpha.connected() as connection:
        domain = connection.lookupByUUIDString(str(operation.vm_id))
        assert domain.isActive()
        assert [it.source for it in describe(domain.XMLDesc()).disks] == [f"{pool.folder}/{disk}", ""]


def test_a_vm_that_does_not_start_stays_as_it_was_made(pool: StoragePool, empty_nodes: Nodes, anna: Person) -> None:
    source = Source(bring(iso(MIB), anna))
    operation = ask(pool, anna, source, capacity=MIB, memory=10**15, kind=Kind.VM, mode=None, start=True)
    assert work(operation).progress == Progress.FAILED
    with empty_nodes.alpha.connected() as connection:
        assert not connection.lookupByUUIDString(str(operation.vm_id)).isActive()
    assert len(images_in(pool)) == 2


@pytest.mark.parametrize("kind", [FileKind.QCOW2, FileKind.RAW])
def test_an_uploaded_image_becomes_a_disk_of_its_own(
    pool: StoragePool, anna: Person, tmp_path: Path, kind: FileKind
) -> None:
    path = image(tmp_path, kind)
    operation = work(ask(pool, anna, Source(bring(path.read_bytes(), anna, "disk", kind))))
    assert operation.progress == Progress.SUCCEEDED, operation.evidence
    (disk,) = images_in(pool)
    assert is_the_same(path, kind, Path(pool.folder) / disk)
    operation.vm.refresh_from_db()
    assert operation.vm.power == "off"


def test_one_that_is_cancelled_while_it_is_copied_leaves_nothing(
    pool: StoragePool, empty_nodes: Nodes, anna: Person, tmp_path: Path
) -> None:
    file = bring(image(tmp_path, FileKind.RAW).read_bytes(), anna, "disk", FileKind.RAW)
    operation = work(ask(pool, anna, Source(file), limit=64 * 1024), until=Phase.COPYING_IMAGE)
    assert len(images_in(pool)) == 2
    assert cancel(operation, by=anna)
    assert work(operation).progress == Progress.CANCELLED
    assert images_in(pool) == []
    with empty_nodes.alpha.connected() as connection:
        assert connection.listAllDomains() == []


def test_an_image_that_would_lead_to_the_nodes_own_files_is_refused(pool: StoragePool, anna: Person) -> None:
    trap = Path(pool.folder) / "trap.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", str(trap)], check=True)
    operation = work(ask(pool, anna, Source(path=str(trap), format=FileKind.QCOW2)))
    assert (operation.problem, operation.problem_values) == (
        Problem.IMAGE_NOT_TRUSTED,
        {"why": ImageFault.HAS_IMAGE_BELOW},
    )
    assert images_in(pool) == ["trap.qcow2"]


@pytest.mark.parametrize("said", [FileKind.QCOW2, FileKind.RAW])
def test_an_empty_file_in_the_pool_is_refused(pool: StoragePool, anna: Person, said: FileKind) -> None:
    (Path(pool.folder) / "empty").touch()
    operation = work(ask(pool, anna, Source(path=f"{pool.folder}/empty", format=said)))
    assert operation.problem_values == {"why": ImageFault.EMPTY}
    assert images_in(pool) == ["empty"]
