"""Into which pools a machine can be moved, what each has left, and what stands against the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from vms.labels import pooling as words
from vms.models import Vm, VmPool
from vms.models.pooling import PoolUse, folders_of, plugs_of, use_of
from vms.models.viewer import Viewer
from vms.operations.permission import actions_everywhere
from vms.operations.pooling import require_places, require_room
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.move_to_pool import MoveToPoolForm
from vms.web.presenters.pool_use import PoolBar, pool_bars
from vms.web.presenters.pooling import REFUSALS, why_not

CAN_MOVE = frozenset({Kind.VM, Kind.TEMPLATE})


@dataclass(frozen=True, slots=True)
class PoolChoice:
    """key: "" for none. is_own: the machine belongs there now."""

    key: str
    name: str
    bars: list[PoolBar]
    is_own: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PoolOut:
    name: str
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class PoolMove:
    title: str
    url: str
    choices: list[PoolChoice]
    out: list[PoolOut]


def pool_move(vm: Vm, form: MoveToPoolForm) -> PoolMove:
    """vm: with its interfaces fetched."""
    pools = list(form.pools)
    uses = use_of(pools)
    against = {pool: _against(vm, pool) for pool in pools}
    out = [PoolOut(pool.name, reverse("vms:pool", args=[pool.pk]), why) for pool, why in against.items() if why]
    possible = [pool for pool, why in against.items() if not why]
    return PoolMove(
        title=str(words.MOVE_TITLE) % {"vm": vm.display_name},
        url=reverse("vms:page", args=[vm.pk]),
        choices=list(_choices(vm, form, possible, {pool.pk: uses[pool.pk] for pool in possible})),
        out=out,
    )


def change_pool_url(vm: Vm, viewer: Viewer) -> str:
    """Where another pool is chosen for it, "" for whom or what that is not."""
    may = vm.kind in CAN_MOVE and Action.MOVE_TO_POOL in actions_everywhere(viewer)
    return reverse("vms:move_to_pool", args=[vm.pk]) if may else ""


def _choices(vm: Vm, form: MoveToPoolForm, pools: list[VmPool], uses: dict[object, PoolUse]) -> Iterator[PoolChoice]:
    chosen = str(form["vm_pool"].value() or "")
    yield PoolChoice("", str(words.NO_POOL), [], vm.pool_id is None, not chosen)
    for pool in pools:
        key = str(pool.pk)
        yield PoolChoice(key, pool.name, pool_bars(pool, uses[pool.pk]), pool.pk == vm.pool_id, key == chosen)


def _against(vm: Vm, pool: VmPool) -> str:
    """As it is at this moment; "" if nothing is."""
    if pool.pk == vm.pool_id:
        return ""
    try:
        require_places(pool, vm.node, folders_of(vm), plugs_of(vm))
        require_room(pool, vms=1, memory=vm.memory, vcpus=vm.vcpus)
    except REFUSALS as refused:
        return why_not(refused)
    return ""
