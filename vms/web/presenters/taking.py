"""Opening a pool: the button, why it is off, and the VM of the pool that somebody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from vms.labels import taking as words
from vms.models import Operation, Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.permission import may
from vms.operations.rounds import end_of, goes_off
from vms.operations.taking import free_coming, free_running, has_ended, last_vm, may_open, openable, own_vms
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.lasting import Because
from vms.rules.progress import Progress
from vms.rules.status import Main
from vms.rules.taking import Shut, why_shut
from vms.web import formats
from vms.web.presenters.operations import problem_text
from vms.web.presenters.statuses import status_cell, status_view
from vms.web.requests import PanelRequest


@dataclass(frozen=True, slots=True)
class Warned:
    """That a dynamic VM will be shut down. keep_url: where whoever still needs it says so, "" if that puts nothing
    off."""

    text: str
    keep_url: str


@dataclass(frozen=True, slots=True)
class Mine:
    """The VM of a pool that the reader has."""

    name: str
    url: str
    status: SafeString
    warned: Warned | None


@dataclass(frozen=True, slots=True)
class Opening:
    """The button that opens a pool, as templates/pools/_open.html shows it. why: it is off, "" if it is on."""

    pk: UUID
    pool: str
    url: str
    label: str
    why: str
    mine: Mine | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The page of somebody's VM that has no screen yet, or no more. goes_on: it leads to the screen by itself;
    problem: why the VM could not be made."""

    title: str
    text: str
    problem: str
    goes_on: bool
    opening: Opening


@dataclass(frozen=True, slots=True)
class WayBack:
    """From a dynamic VM that is no more to its pool."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class _Stock:
    """How many VMs a pool has, and how many of them run for nobody yet, or soon will."""

    total: int = 0
    ready: int = 0


def opening_of(pool: VmPool, request: PanelRequest) -> Opening | None:
    """None if the reader may not open it, or there is nothing in it to be opened."""
    return openings_of([pool], request).get(pool.pk)


def openings_of(pools: Iterable[VmPool], request: PanelRequest) -> dict[UUID, Opening]:
    """The same for all of them that the reader may open. A few queries, however many there are."""
    viewer, dynamic = request.user, {pool.pk: pool for pool in pools if pool.is_dynamic}
    permitted = openable(viewer, dynamic)
    mine = [pool for pool in dynamic.values() if pool.pk in permitted]
    own = {vm.pool_id: mine_of(vm, viewer) for vm in own_vms(permitted, viewer) if not has_ended(vm)}
    shut = _why_shut(mine)
    return {pool.pk: _opening(pool, own.get(pool.pk), shut[pool.pk]) for pool in mine}


def _opening(pool: VmPool, mine: Mine | None, why: str) -> Opening:
    return Opening(
        pk=pool.pk,
        pool=pool.name,
        url=reverse("vms:open_pool", args=[pool.pk]),
        label=str(words.BACK_TO_YOURS if mine else words.OPEN),
        why="" if mine else why,
        mine=mine,
    )


def mine_of(vm: Vm, viewer: Viewer) -> Mine:
    """vm: from own_vms()."""
    return Mine(
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.pk]),
        status=status_cell(status_view(vm, viewer), vm.status_since),
        warned=warned_of(vm, viewer),
    )


def warned_of(vm: Vm, viewer: Viewer) -> Warned | None:
    """None if nobody was warned, or the time for warnings is over."""
    pool = vm.pool if vm.warned_at and not has_ended(vm) else None
    end = end_of(vm, pool) if pool else None
    if pool is None or end is None:
        return None
    at = formats.clock(goes_off(vm, pool, end))
    text = str(words.WARNING[end.why]) % {"vm": vm.display_name, "time": at}
    can_be_kept = end.why is Because.IDLE and may(viewer, Action.USE, vm)
    return Warned(text, reverse("vms:keep_dynamic", args=[vm.pk]) if can_be_kept else "")


def why_text(shut: Shut, count: int) -> str:
    """count: how many VMs the pool has."""
    return str(words.SHUT[shut] % {"count": count})


def _why_shut(pools: Iterable[VmPool]) -> Mapping[UUID, str]:
    """A sentence for each, "" for one that gives out a VM to whoever has none of its own."""
    stocks, images = _stocks(pool.pk for pool in pools), _usable_images(pool.active_id for pool in pools)
    reasons = {}
    for pool in pools:
        stock = stocks.get(pool.pk, _Stock())
        shut = why_shut(
            is_on=pool.is_on,
            ready=stock.ready,
            has_image=pool.active_id in images,
            has_room=stock.total < pool.most_vms,
        )
        reasons[pool.pk] = why_text(shut, stock.total) if shut else ""
    return reasons


def _stocks(pools: Iterable[UUID]) -> dict[UUID, _Stock]:
    keys = list(pools)
    ready = Q(pk__in=free_running(keys).values("pk")) | Q(pk__in=free_coming(keys).values("pk"))
    machines = Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(pool__in=keys).order_by()
    counted = machines.values("pool_id").annotate(total=Count("pk"), ready=Count("pk", filter=ready))
    return {each["pool_id"]: _Stock(each["total"], each["ready"]) for each in counted}


def _usable_images(keys: Iterable[UUID | None]) -> set[UUID | None]:
    """Those of them that are sealed and stand alone."""
    images = Vm.objects.all().present().of_kind(Kind.GOLDEN_IMAGE).filter(pk__in=[key for key in keys if key])
    return set(images.filter(mode=Mode.READY_FOR_USE, link=Link.NONE).values_list("pk", flat=True))


def waiting_for(pool: VmPool, request: PanelRequest) -> Waiting:
    """For somebody who may open it."""
    opening, vm = openings_of([pool], request)[pool.pk], last_vm(pool, request.user)
    if opening.mine and vm:
        return _coming(vm, opening, request.user)
    if vm is None:
        return _over(opening, words.NONE_YOURS, str(words.ONE_IS_A_CLICK_AWAY))
    if failed := _failed_making(vm):
        problem = problem_text(failed, request.user)
        return _over(opening, words.WAS_NOT_MADE, "", label=words.TRY_AGAIN, problem=problem)
    title = words.IS_GONE if vm.deleted_at else words.IS_GOING
    return _over(opening, title, str(words.GOES_WITH_ALL) % {"vm": vm.display_name}, label=words.OPEN_ANOTHER)


def _coming(vm: Vm, opening: Opening, viewer: Viewer) -> Waiting:
    """vm: with its operations under way."""
    is_lost = vm.main == Main.UNKNOWN
    return Waiting(
        title=str(words.IS_OUT_OF_REACH if is_lost else words.IS_COMING),
        text=str(words.COMES_BACK_BY_ITSELF if is_lost else words.COMES_BY_ITSELF),
        problem=" ".join(problem_text(operation, viewer) for operation in vm.under_way if operation.problem),
        goes_on=True,
        opening=opening,
    )


def _over(opening: Opening, title: Promise, text: str, *, label: Promise = words.OPEN, problem: str = "") -> Waiting:
    offer = replace(opening, label=str(label))
    return Waiting(str(title), text, problem=problem, goes_on=False, opening=offer)


def _failed_making(vm: Vm) -> Operation | None:
    """The operation that was to make it, if it did not."""
    makings = Operation.objects.filter(vm=vm, action=Action.PROVIDE, progress=Progress.FAILED)
    return makings.select_related("vm", "node").first()


def way_back(vm: Vm, viewer: Viewer) -> WayBack | None:
    """None if it was in no pool, or in one that the viewer does not see."""
    if vm.kind != Kind.DYNAMIC or vm.pool_id is None:
        return None
    pool = VmPool.objects.all().visible_to(viewer).filter(pk=vm.pool_id).first()
    if pool is None:
        return None
    is_theirs = vm.assigned_to_id == viewer.pk and may_open(viewer, pool)
    page = "vms:my_vm" if is_theirs else "vms:pool"
    return WayBack(str(words.BACK_TO_POOL) % {"pool": pool.name}, reverse(page, args=[pool.pk]))
