"""Uploaded files as rows: what, how large, whose, and what they are needed for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from vms import labels
from vms.models import StoredFile, Vm
from vms.models.viewer import Viewer
from vms.operations.storing import in_drives, needed_now
from vms.rules.images import FileKind
from vms.web import formats


@dataclass(frozen=True, slots=True)
class User:
    """A machine in whose drive it lies, or that is just being made of it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ImageRow:
    pk: str
    name: str
    kind: str
    size: str
    capacity: str
    sha256: str
    person: str
    at: datetime
    at_text: str
    used_by: list[User]
    is_needed_now: bool
    remove_url: str


def image_rows(files: Iterable[StoredFile], viewer: Viewer) -> list[ImageRow]:
    """In a constant number of queries."""
    files = list(files)
    visible = Vm.objects.all().visible_to(viewer)
    machines: dict[int, set[Vm]] = {file.pk: set() for file in files}
    for key, drives in in_drives(files).items():
        machines[key].update(drive.vm for drive in drives)
    needed = needed_now(files)
    for key, operations in needed.items():
        machines[key].update(operation.vm for operation in operations)
    seen = set(
        visible.filter(pk__in={vm.pk for found in machines.values() for vm in found}).values_list("pk", flat=True)
    )
    return [_row(file, [vm for vm in machines[file.pk] if vm.pk in seen], needed=file.pk in needed) for file in files]


def _row(file: StoredFile, machines: list[Vm], *, needed: bool) -> ImageRow:
    users = [User(vm.display_name, reverse("vms:page", args=[vm.pk])) for vm in machines]
    return ImageRow(
        pk=str(file.pk),
        name=file.name,
        kind=str(labels.FILE_KIND[FileKind(file.kind)]),
        size=formats.size(file.size),
        capacity="" if file.capacity == file.size else formats.size(file.capacity),
        sha256=file.sha256,
        person=file.uploaded_by_name,
        at=file.uploaded_at,
        at_text=formats.clock(file.uploaded_at),
        used_by=sorted(users, key=lambda user: user.name.lower()),
        is_needed_now=needed,
        remove_url=reverse("images:remove", args=[file.pk]),
    )
