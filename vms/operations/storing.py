"""Files that people bring: received piece by piece, judged, and kept or gone. Nothing is kept by half."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from vms.models import Disk, Operation, StoredFile
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import About, Refusal, about_image, noting_refusals, write
from vms.operations.permission import require_may_make
from vms.rules.actions import BRINGS_A_FILE
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.images import HEAD_BYTES, FileKind, ImageFault, capacity_of, fault_in
from vms.rules.names import as_file_name

UNFINISHED = ".part"
NOBODY_WRITES_AFTER = 60 * 60
"""Seconds without a byte after which what is there of a file was left behind by a process that was killed."""

GIB = 1024**3


class NoRoom(Exception):
    """The panel's own disk is full."""


class FileRefused(Refusal):
    def __init__(self, fault: ImageFault) -> None:
        super().__init__(fault)
        self.reason = fault
        self.fault = fault


class WrongChecksum(Refusal):
    """What arrived is not what was to be sent."""

    reason = Why.WRONG_CHECKSUM

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class NameTaken(Refusal):
    """Another file is called so."""

    reason = Why.NAMES_TAKEN


class FileGone(Exception):
    """Somebody removed the uploaded file meanwhile."""


class StillNeeded(Refusal):
    """A machine is just being made of it."""

    reason = Why.STILL_NEEDED


@dataclass(frozen=True, slots=True)
class Brought:
    """How a file is to be kept. checksum: the SHA-256 that it must have, "" if nobody said."""

    name: str
    kind: FileKind
    checksum: str = ""


class Incoming:
    """A file while it arrives. Gone at the end, unless it was stored."""

    def __init__(self) -> None:
        folder = Path(settings.UPLOADS)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{uuid4().hex}{UNFINISHED}"
        self.size = 0
        self.head = b""
        self._hash = hashlib.sha256()
        self._file = self.path.open("xb")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """NoRoom if the disk is full."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise NoRoom(str(error)) from error
        self._hash.update(piece)
        self.size += len(piece)
        self.head += piece[: HEAD_BYTES - len(self.head)]

    def end(self) -> None:
        """All has arrived. NoRoom if the disk turns out to be full."""
        try:
            self._file.close()
        except OSError as error:
            raise NoRoom(str(error)) from error

    def discard(self) -> None:
        """Nothing is left of it; nothing happens if it was stored."""
        with suppress(OSError):  # what was not written yet may find no room
            self._file.close()
        self.path.unlink(missing_ok=True)


def largest_upload() -> int:
    """In bytes, whether or not there is room for it."""
    return int(settings.UPLOAD_LIMIT) * GIB


def room_for_uploads() -> int:
    """Bytes."""
    folder = Path(settings.UPLOADS)
    return shutil.disk_usage(folder if folder.exists() else folder.parent).free


def store(incoming: Incoming, brought: Brought, *, by: Viewer) -> StoredFile:
    """Keep it, if it is what it is said to be. FileRefused, WrongChecksum, NameTaken."""
    with noting_refusals(Request.UPLOAD, About(Subject.IMAGE, name=brought.name), by=by):
        return _store(incoming, brought, by)


def _store(incoming: Incoming, brought: Brought, by: Viewer) -> StoredFile:
    require_may_make(by)
    fault = fault_in(incoming.head, incoming.size, brought.kind)
    if fault is not None:
        raise FileRefused(fault)
    if brought.checksum and brought.checksum.lower() != incoming.sha256:
        raise WrongChecksum(incoming.sha256)
    try:
        with transaction.atomic():
            file = _write_row(incoming, brought, by)
            write(Request.UPLOAD, about_image(file), Outcome.ACCEPTED, by=by, values={"sha256": file.sha256})
            announce(("image", str(file.pk)))
            incoming.path.rename(file.path)
    except IntegrityError:
        raise NameTaken from None
    return file


def _write_row(incoming: Incoming, brought: Brought, by: Viewer) -> StoredFile:
    return StoredFile.objects.create(
        name=brought.name,
        kind=brought.kind,
        size=incoming.size,
        capacity=capacity_of(incoming.head, incoming.size, brought.kind),
        sha256=incoming.sha256,
        file_name=incoming.path.stem,
        uploaded_by_id=by.pk,
        uploaded_by_name=str(by),
    )


def remove(file: StoredFile, *, by: Viewer) -> None:
    """The file and its row. Copies that machines have in their drives stay. StillNeeded while one is made of it."""
    with noting_refusals(Request.REMOVE_IMAGE, about_image(file), by=by), transaction.atomic():
        require_may_make(by)
        StoredFile.objects.select_for_update().filter(pk=file.pk).first()
        if needed_now([file]):
            raise StillNeeded
        write(Request.REMOVE_IMAGE, about_image(file), Outcome.ACCEPTED, by=by)
        announce(("image", str(file.pk)))
        file.delete()
        transaction.on_commit(lambda: file.path.unlink(missing_ok=True))


def require_kept(key: int) -> None:
    """FileGone. Nobody removes it until the transaction ends; then the operation that needs it does that."""
    if not StoredFile.objects.select_for_update().filter(pk=key).exists():
        raise FileGone


def needed_now(files: list[StoredFile]) -> dict[int, list[Operation]]:
    """By the key of each file: the operations under way that bring it to a machine."""
    keys = {file.pk for file in files}
    needed: dict[int, list[Operation]] = {}
    for operation in Operation.objects.filter(finished_at=None, action__in=BRINGS_A_FILE).select_related("vm"):
        key = operation.arguments.get("file")
        if key in keys:
            needed.setdefault(key, []).append(operation)
    return needed


def in_drives(files: list[StoredFile]) -> dict[int, list[Disk]]:
    """By the key of each file: the drives of machines in which a copy of it lies."""
    by_name = {name_at_node(file): file.pk for file in files if file.is_iso}
    drives: dict[int, list[Disk]] = {}
    present = Disk.objects.filter(device="cdrom", vm__deleted_at=None).exclude(path="").select_related("vm")
    for drive in present.order_by("vm__display_name"):
        key = by_name.get(drive.path.rpartition("/")[2])
        if key is not None:
            drives.setdefault(key, []).append(drive)
    return drives


def name_at_node(file: StoredFile) -> str:
    """What an ISO image is called in storage pools: the same content of the same name is the same file."""
    return f"{file.sha256[:16]}-{as_file_name(file.name.removesuffix('.iso'))}.iso"


@contextmanager
def receiving() -> Iterator[list[Incoming]]:
    """What is put into the list and not stored is gone at the end, however it ends."""
    arriving: list[Incoming] = []
    try:
        yield arriving
    finally:
        for incoming in arriving:
            incoming.discard()


def remove_what_was_left_behind() -> None:
    """Of uploads whose process was killed."""
    for path in Path(settings.UPLOADS).glob(f"*{UNFINISHED}"):
        try:
            if time() - path.stat().st_mtime > NOBODY_WRITES_AFTER:
                path.unlink()
        except FileNotFoundError:  # somebody else was quicker
            continue
