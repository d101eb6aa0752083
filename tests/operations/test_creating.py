"""A machine made from an ISO image, from a disk image or from nothing: with everything it needs, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.images import MIB, RAW, iso, qcow2
from tests.operations.streaming import pool_of, take_steps
from tests.operations.test_storing import bring
from tests.operations.working import ask as ask_of
from tests.operations.working import fresh, leave_to_a_dead_worker, look, status_of, step
from vms.hypervisor.errors import NoSpace, NotEnoughMemory
from vms.hypervisor.fake import FakeNode
from vms.hypervisor.fake_node import FakeImage
from vms.hypervisor.machine_xml import describe
from vms.models import BroughtImage, Node, Operation, StoredFile, Vm
from vms.operations.announcing import announce
from vms.operations.creating import FileGone, Source, request_machine
from vms.operations.making import NamesTaken
from vms.operations.planning import Wish
from vms.operations.recovering import recover
from vms.operations.requesting import cancel
from vms.operations.steps import bringing
from vms.operations.storing import StillNeeded, remove
from vms.rules.actions import Action
from vms.rules.images import FileKind, ImageFault
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.power import Wanted
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress

pytestmark = pytest.mark.django_db

GIB = 1024 * MIB


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture(autouse=True)
def every_byte_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "TELL_SECONDS", 0.0)


def ask(node: Node, by: Person, source: Source | None = None, name: str = "debian", **wish: Any) -> Operation:
    wish = {"capacity": 2 * GIB, "network": "", "notes": "For <tests>", "os_name": "Debian 12", **wish}
    wish = {"kind": Kind.TEMPLATE, "mode": Mode.FIRST_INSTALLATION, **wish}
    return request_machine(Wish(name, pool_of(node), 64 * MIB, 1, **wish), source or Source(), uuid4(), by=by)


def ask_vm(node: Node, by: Person, source: Source | None = None, **wish: Any) -> Operation:
    return ask(node, by, source, "web", kind=Kind.VM, mode=None, **wish)


def at_node(operation: Operation, there: FakeNode) -> Any:
    return describe(there.machines[operation.vm_id].xml)


def nothing_is_left(operation: Operation, there: FakeNode) -> bool:
    vm = Vm.objects.get(pk=operation.vm_id)
    return operation.vm_id not in there.machines and not there.images and vm.deleted_at is not None


def test_an_empty_one_has_a_disk_and_boots_from_it(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = take_steps(ask(node, anna))
    assert operation.progress == Progress.SUCCEEDED
    found = at_node(operation, alpha)
    disk, drive = found.disks
    assert found.boot_devices[0] == "hd"
    assert (found.panel.kind, found.panel.mode) == (Kind.TEMPLATE, Mode.FIRST_INSTALLATION)
    assert found.panel.made_disks == {disk.source}
    assert alpha.images[disk.source].capacity == 2 * GIB
    assert drive.source == ""
    assert "For &lt;tests&gt;" in alpha.machines[operation.vm_id].xml
    assert status_of(operation.vm) == "Stopped, first installation" or fresh(operation.vm).mode == "first installation"
    assert "start_paused" not in alpha.calls


def test_one_from_an_iso_boots_from_it(node: Node, alpha: FakeNode, anna: Person) -> None:
    file = bring(iso(), anna)
    operation = take_steps(ask(node, anna, Source(file)))
    disk, drive = at_node(operation, alpha).disks
    assert at_node(operation, alpha).boot_devices[0] == "cdrom"
    assert alpha.images[drive.source].content == iso()
    assert at_node(operation, alpha).panel.made_disks == {disk.source}


def test_an_iso_is_brought_once_for_all_templates_of_a_pool(node: Node, alpha: FakeNode, anna: Person) -> None:
    file = bring(iso(), anna)
    first, second = (take_steps(ask(node, anna, Source(file), name)) for name in ("one", "two"))
    assert alpha.calls.count("upload") == 1
    assert at_node(first, alpha).disks[1] == at_node(second, alpha).disks[1]


def test_an_iso_on_its_way_is_waited_for(node: Node, anna: Person) -> None:
    file = bring(iso(), anna)
    first, second = (ask(node, anna, Source(file), name) for name in ("one", "two"))
    BroughtImage.objects.create(place=str(node.pk), path=first.arguments["cdrom"], operation=first)
    step(second)
    second.refresh_from_db()
    assert (second.phase, second.steps_done) == (Phase.WAITING_FOR_PREVIOUS, 0)
    assert take_steps(first).progress == take_steps(second).progress == Progress.SUCCEEDED


def test_an_iso_left_by_half_is_brought_anew(node: Node, alpha: FakeNode, anna: Person) -> None:
    """It looks as large as the whole one."""
    operation = ask(node, anna, Source(bring(iso(), anna)))
    path = operation.arguments["cdrom"]
    BroughtImage.objects.create(place=str(node.pk), path=path, operation=operation)
    alpha.images[path] = FakeImage("raw", len(iso()), len(iso()), content=bytes(len(iso())))
    leave_to_a_dead_worker(operation)
    assert operation.pk in recover()
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert alpha.images[path].content == iso()


@pytest.mark.parametrize(("kind", "content"), [(FileKind.QCOW2, qcow2()), (FileKind.RAW, RAW)])
def test_an_uploaded_image_is_copied_into_its_own_disk(
    node: Node, alpha: FakeNode, anna: Person, kind: FileKind, content: bytes
) -> None:
    operation = ask(node, anna, Source(bring(content, anna, "disk", kind)), capacity=0)
    take_steps(operation, 4)
    disk = at_node(operation, alpha).disks[0].source
    assert alpha.images[disk].below.endswith(kind)
    assert alpha.images[disk].capacity == MIB
    assert operation.phase == Phase.COPYING_IMAGE
    assert status_of(operation.vm) == "Stopped, creating"
    alpha.end_pull(operation.vm_id, "vda")
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert set(alpha.images) == {disk}
    assert status_of(operation.vm) == "Stopped"


def test_an_image_in_a_pool_is_copied_and_stays(node: Node, alpha: FakeNode, anna: Person) -> None:
    alpha.images["/images/old.qcow2"] = FakeImage(content=qcow2(capacity=GIB))
    operation = ask(node, anna, Source(path="/images/old.qcow2", format=FileKind.QCOW2))
    take_steps(operation, 4)
    alpha.end_pull(operation.vm_id, "vda")
    assert take_steps(operation).progress == Progress.SUCCEEDED
    assert len(alpha.images) == 2


@pytest.mark.parametrize(
    ("content", "said", "fault"),
    [
        (qcow2(below=(512, 9)), FileKind.QCOW2, ImageFault.HAS_IMAGE_BELOW),
        (qcow2(features=4), FileKind.QCOW2, ImageFault.HAS_DATA_FILE),
        (qcow2(), FileKind.RAW, ImageFault.ANOTHER_FORMAT),
        (RAW, FileKind.QCOW2, ImageFault.NOT_QCOW2),
        (b"", FileKind.RAW, ImageFault.EMPTY),
    ],
)
def test_a_hostile_image_in_a_pool_makes_nothing(
    node: Node, alpha: FakeNode, anna: Person, content: bytes, said: FileKind, fault: ImageFault
) -> None:
    alpha.images["/images/old"] = FakeImage("raw", len(content), len(content), content=content)
    operation = take_steps(ask(node, anna, Source(path="/images/old", format=said)))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.IMAGE_NOT_TRUSTED)
    assert operation.problem_values == {"why": fault}
    assert "make_image" not in alpha.calls
    alpha.images.pop("/images/old")
    assert nothing_is_left(operation, alpha)


def test_an_image_that_is_not_there_makes_nothing(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = take_steps(ask(node, anna, Source(path="/images/none", format=FileKind.RAW)))
    assert operation.problem_values == {"why": ImageFault.MISSING}
    assert nothing_is_left(operation, alpha)


@pytest.mark.parametrize("call", ["upload", "make_image", "define"])
@pytest.mark.parametrize("kind", [FileKind.ISO, FileKind.RAW])
def test_a_full_disk_leaves_nothing_half_made(
    node: Node, alpha: FakeNode, anna: Person, call: str, kind: FileKind
) -> None:
    file = bring(iso() if kind is FileKind.ISO else RAW, anna, "file", kind)
    alpha.fail_next(call, NoSpace("No space left on device"))
    operation = take_steps(ask(node, anna, Source(file)))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NO_SPACE)
    assert nothing_is_left(operation, alpha)
    assert not BroughtImage.objects.exists()


def test_an_iso_that_others_use_stays(node: Node, alpha: FakeNode, anna: Person) -> None:
    file = bring(iso(), anna)
    first = take_steps(ask(node, anna, Source(file), "one"))
    look(first.vm)
    BroughtImage.objects.update(complete=False)  # somebody took it out of the pool meanwhile
    alpha.fail_next("make_image", NoSpace("No space left on device"))
    assert take_steps(ask(node, anna, Source(file), "two")).progress == Progress.FAILED
    assert at_node(first, alpha).disks[1].source in alpha.images


def test_a_file_that_is_gone_makes_nothing(node: Node, alpha: FakeNode, anna: Person) -> None:
    file = bring(iso(), anna)
    operation = ask(node, anna, Source(file))
    file.path.unlink()
    assert take_steps(operation).problem == Problem.UPLOAD_MISSING
    assert nothing_is_left(operation, alpha)


def test_a_file_removed_meanwhile_is_not_asked_for(node: Node, anna: Person) -> None:
    file = bring(iso(), anna)
    StoredFile.objects.all().delete()
    with pytest.raises(FileGone):
        ask(node, anna, Source(file))
    assert not Operation.objects.exists()


def test_cancelled_while_the_file_is_on_its_way(
    node: Node, alpha: FakeNode, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = ask(node, anna, Source(bring(RAW, anna, "disk", FileKind.RAW)))

    def somebody_cancels(*what: Any) -> None:
        current = Operation.objects.get(pk=operation.pk)
        if current.permille:
            cancel(current, by=anna)
        announce(*what)

    monkeypatch.setattr(bringing, "announce", somebody_cancels)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert nothing_is_left(operation, alpha)


def test_cancelled_while_the_image_is_copied(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = ask(node, anna, Source(bring(RAW, anna, "disk", FileKind.RAW)))
    take_steps(operation, 4)
    assert cancel(operation, by=anna)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert nothing_is_left(operation, alpha)


def test_a_file_is_not_removed_while_something_is_made_of_it(node: Node, anna: Person) -> None:
    file = bring(iso(), anna)
    operation = ask(node, anna, Source(file))
    with pytest.raises(StillNeeded):
        remove(file, by=anna)
    take_steps(operation)
    remove(file, by=anna)


def test_a_name_is_taken_once(node: Node, anna: Person) -> None:
    ask(node, anna)
    with pytest.raises(NamesTaken):
        ask(node, anna, name="DEBIAN")


def test_a_vm_has_no_mode_and_stays_off_if_nobody_asked_for_more(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = ask_vm(node, anna)
    assert status_of(operation.vm) == "Stopped, creating"
    assert take_steps(operation).progress == Progress.SUCCEEDED
    found = at_node(operation, alpha)
    assert (found.panel.kind, found.panel.mode, found.panel.link) == (Kind.VM, None, Link.NONE)
    look(operation.vm)
    assert status_of(operation.vm) == "Stopped"


def test_a_vm_from_an_iso_boots_from_it_first_and_then_from_its_disk(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = take_steps(ask_vm(node, anna, Source(bring(iso(), anna)), start=True))
    assert operation.progress == Progress.SUCCEEDED
    assert at_node(operation, alpha).boot_devices == ("cdrom", "hd")
    look(operation.vm)
    assert (status_of(operation.vm), fresh(operation.vm).wanted) == ("Running", Wanted.RUNNING)


def test_a_vm_made_of_an_image_starts_when_its_disk_stands_alone(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = ask_vm(node, anna, Source(bring(RAW, anna, "disk", FileKind.RAW)), start=True)
    take_steps(operation, 6)
    assert alpha.calls.count("start") == 0
    assert status_of(operation.vm) == "Stopped, creating"
    alpha.end_pull(operation.vm_id, "vda")
    assert take_steps(operation).progress == Progress.SUCCEEDED
    look(operation.vm)
    assert status_of(operation.vm) == "Running"
    assert len(alpha.images) == 1


def test_a_vm_that_does_not_start_stays_as_it_was_made(node: Node, alpha: FakeNode, anna: Person) -> None:
    alpha.fail_next("start", NotEnoughMemory("cannot set up guest memory"))
    operation = take_steps(ask_vm(node, anna, Source(bring(iso(), anna)), start=True))
    assert (operation.progress, operation.problem) == (Progress.FAILED, Problem.NOT_ENOUGH_MEMORY)
    assert operation.arguments["cdrom"] in alpha.images
    assert {disk.source for disk in at_node(operation, alpha).disks} == set(alpha.images)
    assert status_of(operation.vm) == "Stopped"
    alpha.calls.clear()
    assert take_steps(ask_of(operation.vm, Action.START, anna)).progress == Progress.SUCCEEDED


def test_a_vm_that_is_cancelled_leaves_nothing(node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = ask_vm(node, anna, Source(bring(RAW, anna, "disk", FileKind.RAW)), start=True)
    take_steps(operation, 4)
    assert cancel(operation, by=anna)
    assert take_steps(operation).progress == Progress.CANCELLED
    assert nothing_is_left(operation, alpha)


@pytest.mark.parametrize(
    ("chosen", "offered", "used"), [("auto", True, "kvm"), ("auto", False, "qemu"), ("qemu", True, "qemu")]
)
def test_the_virtualisation_is_what_the_node_offers(
    node: Node, alpha: FakeNode, anna: Person, settings: Settings, chosen: str, offered: bool, used: str
) -> None:
    settings.VIRTUALISATION, alpha.offers_kvm = chosen, offered
    assert at_node(take_steps(ask(node, anna)), alpha).virt_type == used


def test_kvm_that_a_node_does_not_offer_is_not_replaced(
    node: Node, alpha: FakeNode, anna: Person, settings: Settings
) -> None:
    settings.VIRTUALISATION = "kvm"
    operation = take_steps(ask(node, anna))
    assert operation.problem == Problem.UNSUPPORTED
    assert nothing_is_left(operation, alpha)
