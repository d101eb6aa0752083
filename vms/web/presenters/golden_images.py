"""The golden images of a pool, as rows of its page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.safestring import SafeString

from vms import labels
from vms.labels import golden_images as words
from vms.models import Disk, Vm, VmPool
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet, fetch_dependants
from vms.operations.golden_images import to_be_activated
from vms.operations.permission import sees_every_vm
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.status import Second
from vms.web import formats
from vms.web.presenters.buttons import Buttons, Offer, offer
from vms.web.presenters.doubles import fetch_doubles
from vms.web.presenters.statuses import status_cell, status_view
from vms.web.presenters.tips import Tips, tips
from vms.web.requests import PanelRequest

ACTIONS = (
    *(Action.USE, Action.START, Action.SHUTDOWN, Action.POWER_OFF),
    *(Action.SEAL, Action.ACTIVATE, Action.DELETE),
)


@dataclass(frozen=True, slots=True)
class ImageRow:
    """origin_url: of the template it was made from, "" if that is gone. vms, vms_url: how many stand on it, and which.
    note: what follows once it is ready, or "". release_url: where it is taken out of use, "" unless it is in use."""

    uuid: str
    name: str
    url: str
    is_active: bool
    origin: str
    origin_url: str
    made: datetime
    made_text: str
    size: str
    status: SafeString
    vms: str
    vms_url: str
    note: str
    actions: SafeString
    release_url: str


@dataclass(frozen=True, slots=True)
class GoldenImages:
    """Of one pool, the newest first."""

    rows: list[ImageRow]
    tips: Tips


def golden_images_of(pool: VmPool, request: PanelRequest) -> GoldenImages | None:
    """None for a pool that can have none, and for whoever is not told of them. The same few queries however many they
    are."""
    viewer = request.user
    if not pool.is_dynamic or not sees_every_vm(viewer):
        return None
    images = list(_images_of(pool, viewer))
    fetch_dependants(images, viewer)
    fetch_doubles(images)
    shared = _Shared(viewer, offer(viewer, images), _vms_on(images), to_be_activated(images))
    return GoldenImages([_row(vm, shared) for vm in images], tips(Kind.GOLDEN_IMAGE))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all rows of a page have in common. vms: how many stand on each that has any; chosen: those that are
    activated as soon as they are sealed."""

    viewer: Viewer
    offer: Offer
    vms: Mapping[UUID | None, int]
    chosen: Collection[UUID]


def _images_of(pool: VmPool, viewer: Viewer) -> VmQuerySet:
    images = Vm.objects.all().visible_to(viewer).of_kind(Kind.GOLDEN_IMAGE).filter(pool=pool)
    images = images.with_operations_under_way().with_activity().prefetch_related("disks", "origin")
    return images.order_by("-found_at", "pk")


def _vms_on(images: Collection[Vm]) -> Mapping[UUID | None, int]:
    on_them = Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(origin__in=images)
    return dict(on_them.order_by().values_list("origin_id").annotate(Count("pk")))


def _row(vm: Vm, shared: _Shared) -> ImageRow:
    permitted, vms = shared.offer.permissions, shared.vms.get(vm.pk, 0)
    somewhere = {*shared.offer.run, *shared.offer.other}
    may_release = vm.is_active_image() and Action.ACTIVATE in permitted.on(vm.pk)
    return ImageRow(
        uuid=str(vm.pk),
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.pk]),
        is_active=vm.is_active_image(),
        origin=vm.origin.display_name if vm.origin else str(words.MADE_FROM_UNKNOWN),
        origin_url=reverse("vms:page", args=[vm.origin_id]) if vm.origin and not vm.origin.deleted_at else "",
        made=vm.found_at,
        made_text=formats.clock(vm.found_at),
        size=_size(vm.disks.all()),
        status=status_cell(status_view(vm, shared.viewer), vm.status_since),
        vms=str(words.STAND_ON_IT % {"count": vms}) if vms else str(words.NONE_STANDS_ON_IT),
        vms_url=f"{reverse('vms:dynamic')}?{urlencode({'image': vm.display_name})}" if vms else "",
        note=_note(vm) if vm.pk in shared.chosen else "",
        actions=Buttons.of(vm, permitted).bar(tuple(each for each in ACTIONS if each in somewhere)),
        release_url=reverse("vms:release_image", args=[vm.pk]) if may_release else "",
    )


def _size(disks: Iterable[Disk]) -> str:
    sizes = [(disk.capacity, disk.allocation) for disk in disks if disk.device == "disk"]
    known = [(capacity, used) for capacity, used in sizes if capacity is not None and used is not None]
    if len(known) < len(sizes):
        return str(labels.DISK_SIZE_UNKNOWN)
    capacity, used = (formats.size(sum(column)) for column in zip(*known, strict=True)) if known else ("", "")
    return str(labels.DISK_USE) % {"capacity": capacity, "used": used} if known else ""


def _note(vm: Vm) -> str:
    """Of one that is activated by itself: when."""
    if vm.mode != Mode.READY_FOR_USE:
        return str(words.ACTIVE_ONCE_SEALED)
    return str(words.ACTIVE_ONCE_COPIED) if vm.status.second is Second.CREATING else ""
