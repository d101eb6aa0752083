"""From what a person filled in to a machine that is being made from nothing, or from an image."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import join
from uuid import UUID, uuid4

from django.db import transaction

from vms.models import Operation, StoredFile
from vms.models.viewer import Viewer
from vms.operations.planning import Wish, fresh_macs, image_path, new_machine
from vms.operations.requesting import MakingOrder, NewMachine, request_machines
from vms.operations.storing import FileGone as FileGone
from vms.operations.storing import name_at_node, require_kept
from vms.rules.actions import Action
from vms.rules.images import FileKind
from vms.rules.making import DiskPlan, Plan

DISK = "vda"


@dataclass(frozen=True, slots=True)
class Source:
    """What it begins with: an uploaded file, or an image at the node whose format is said; or nothing."""

    file: StoredFile | None = None
    path: str = ""
    format: FileKind | None = None


def request_machine(wish: Wish, source: Source, key: UUID | None, *, by: Viewer) -> Operation:
    """Promise to make it. FileGone, NamesTaken."""
    order = MakingOrder(Action.CREATE, wish.pool.node, [_planned(wish, source)], key)
    with transaction.atomic():
        if source.file is not None:
            require_kept(source.file.pk)
        return request_machines(order, None, by=by)[0]


def _planned(wish: Wish, source: Source) -> NewMachine:
    uuid = uuid4()
    file = source.file
    plan = Plan(
        disks=(_disk(wish, source, uuid),),
        memory=wish.memory,
        vcpus=wish.vcpus,
        network=wish.network,
        macs=tuple(fresh_macs(1)),
        start=wish.start,
        cdrom=join(wish.pool.folder, name_at_node(file)) if file is not None and file.is_iso else "",
        file=file.pk if file is not None else None,
    )
    return new_machine(uuid, plan, wish)


def _disk(wish: Wish, source: Source, uuid: UUID) -> DiskPlan:
    path, file = image_path(wish, uuid, DISK), source.file
    if file is not None and not file.is_iso:
        return DiskPlan(DISK, path, wish.capacity, f"{path}.{file.kind}", file.kind)
    if source.path:
        return DiskPlan(DISK, path, wish.capacity, source.path, source.format or "")
    return DiskPlan(DISK, path, wish.capacity)
