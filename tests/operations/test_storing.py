"""Uploaded files: kept whole, or gone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from time import time

import pytest
from django.core.exceptions import PermissionDenied
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.images import RAW, iso, qcow2
from vms.models import StoredFile
from vms.operations.storing import (
    NOBODY_WRITES_AFTER,
    Brought,
    FileRefused,
    Incoming,
    NameTaken,
    NoRoom,
    WrongChecksum,
    name_at_node,
    receiving,
    remove,
    remove_what_was_left_behind,
    store,
)
from vms.rules.images import FileKind, ImageFault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


def bring(
    content: bytes, by: Person, name: str = "debian.iso", kind: FileKind = FileKind.ISO, checksum: str = ""
) -> StoredFile:
    with receiving() as arriving:
        incoming = Incoming()
        arriving.append(incoming)
        for begin in range(0, len(content), 1000):
            incoming.write(content[begin : begin + 1000])
        incoming.end()
        return store(incoming, Brought(name, kind, checksum), by=by)


def test_a_file_is_kept_with_its_checksum(anna: Person, uploads: Path) -> None:
    file = bring(iso(), anna)
    assert file.path.read_bytes() == iso()
    assert file.sha256 == hashlib.sha256(iso()).hexdigest()
    assert (file.size, file.uploaded_by_name) == (len(iso()), "anna")
    assert [path.name for path in uploads.iterdir()] == [file.file_name]


def test_the_expected_checksum_may_be_given_in_capitals(anna: Person) -> None:
    assert bring(iso(), anna, checksum=hashlib.sha256(iso()).hexdigest().upper())


def test_a_wrong_checksum_keeps_nothing(anna: Person, uploads: Path) -> None:
    with pytest.raises(WrongChecksum) as wrong:
        bring(iso(), anna, checksum="0" * 64)
    assert wrong.value.found == hashlib.sha256(iso()).hexdigest()
    assert list(uploads.iterdir()) == []
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind", "fault"),
    [
        (b"", FileKind.ISO, ImageFault.EMPTY),
        (RAW, FileKind.ISO, ImageFault.NOT_AN_ISO),
        (qcow2(), FileKind.RAW, ImageFault.ANOTHER_FORMAT),
        (qcow2(below=(512, 9)), FileKind.QCOW2, ImageFault.HAS_IMAGE_BELOW),
    ],
)
def test_a_hostile_file_keeps_nothing(
    anna: Person, uploads: Path, content: bytes, kind: FileKind, fault: ImageFault
) -> None:
    with pytest.raises(FileRefused) as refused:
        bring(content, anna, kind=kind)
    assert refused.value.fault is fault
    assert list(uploads.iterdir()) == []


def test_two_files_do_not_have_one_name(anna: Person, uploads: Path) -> None:
    bring(iso(), anna)
    with pytest.raises(NameTaken):
        bring(iso(), anna, name="DEBIAN.ISO")
    assert len(list(uploads.iterdir())) == 1


def test_only_who_makes_machines_may_bring_and_remove(otto: Person, anna: Person, uploads: Path) -> None:
    with pytest.raises(PermissionDenied):
        bring(iso(), otto)
    assert list(uploads.iterdir()) == []
    file = bring(iso(), anna)
    with pytest.raises(PermissionDenied):
        remove(file, by=otto)
    assert file.path.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_removed_is_gone(anna: Person, uploads: Path) -> None:
    remove(bring(iso(), anna), by=anna)
    assert list(uploads.iterdir()) == []
    assert not StoredFile.objects.exists()


def test_an_upload_that_breaks_off_leaves_nothing(uploads: Path) -> None:
    with pytest.raises(ConnectionResetError), receiving() as arriving:
        arriving.append(Incoming())
        arriving[0].write(b"half")
        raise ConnectionResetError
    assert list(uploads.iterdir()) == []


class FullDisk:
    def write(self, _piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_nothing(uploads: Path) -> None:
    with receiving() as arriving:
        incoming = Incoming()
        arriving.append(incoming)
        incoming._file.close()
        vars(incoming)["_file"] = FullDisk()
        with pytest.raises(NoRoom):
            incoming.write(b"x")
        with pytest.raises(NoRoom):
            incoming.end()
    assert list(uploads.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else(anna: Person, uploads: Path) -> None:
    kept, left, arriving = bring(iso(), anna), Incoming(), Incoming()
    long_ago = time() - NOBODY_WRITES_AFTER - 1
    for path in (kept.path, left.path):
        os.utime(path, (long_ago, long_ago))
    remove_what_was_left_behind()
    assert {path.name for path in uploads.iterdir()} == {kept.file_name, arriving.path.name}


def test_the_name_at_a_node_tells_what_it_is_and_of_which_content() -> None:
    file = StoredFile(name="Débian 12 / net.iso", sha256="abcdef0123456789" * 4)
    assert name_at_node(file) == "abcdef0123456789-debian-12-net.iso"
