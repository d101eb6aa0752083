"""The machines of a pool, on its page: the first of them, and where all are listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F
from django.urls import reverse
from django.utils.safestring import SafeString

from vms.labels import dynamic as words
from vms.models import Vm, VmPool
from vms.models.vm import fetch_dependants
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind
from vms.web.lists.for_people import title_for
from vms.web.lists.machine_columns import with_columns
from vms.web.presenters.assigned import holder_and_since
from vms.web.presenters.doubles import fetch_doubles
from vms.web.presenters.pools import list_url
from vms.web.presenters.statuses import status_cell, status_view
from vms.web.presenters.tips import Tips, tips
from vms.web.requests import PanelRequest

MOST_SHOWN = 10

KIND_OF: Mapping[PoolKind, Kind] = {
    PoolKind.TEMPLATE: Kind.TEMPLATE,
    PoolKind.PERSISTENT: Kind.VM,
    PoolKind.DYNAMIC: Kind.DYNAMIC,
}


@dataclass(frozen=True, slots=True)
class PoolMachine:
    """holder: who has it since when, "" for a machine that nobody can have."""

    uuid: str
    name: str
    url: str
    status: SafeString
    holder: str
    node: str
    node_url: str


@dataclass(frozen=True, slots=True)
class PoolMachines:
    """rows: the first, those that somebody has before the others. total: how many there are, all of them at all_url;
    nothing: said if there are none."""

    title: str
    is_dynamic: bool
    rows: list[PoolMachine]
    total: int
    more: int
    all_url: str
    nothing: str
    tips: Tips


def machines_of_pool(pool: VmPool, request: PanelRequest) -> PoolMachines:
    """The same few queries however many there are."""
    kind, viewer = KIND_OF[PoolKind(pool.kind)], request.user
    there = Vm.objects.all().visible_to(viewer).of_kind(kind).filter(pool=pool)
    ordered = there.order_by(F("assigned_at").asc(nulls_last=True), "display_name", "pk")
    shown = list(with_columns(ordered.with_operations_under_way(), ["assigned"])[:MOST_SHOWN])
    fetch_doubles(shown)
    fetch_dependants(shown, viewer)
    total = there.count() if len(shown) == MOST_SHOWN else len(shown)
    return PoolMachines(
        title=str(title_for(viewer, kind)),
        is_dynamic=kind is Kind.DYNAMIC,
        rows=[_row(vm, request) for vm in shown],
        total=total,
        more=total - len(shown),
        all_url=list_url(pool),
        nothing=str(words.POOL_HAS_NO_DYNAMIC_VM if pool.is_dynamic else words.POOL_HAS_NO_MACHINE),
        tips=tips(kind),
    )


def _row(vm: Vm, request: PanelRequest) -> PoolMachine:
    return PoolMachine(
        uuid=str(vm.pk),
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.pk]),
        status=status_cell(status_view(vm, request.user), vm.status_since),
        holder=holder_and_since(vm) if vm.kind == Kind.DYNAMIC else "",
        node=vm.node.name,
        node_url=reverse("nodes:page", args=[vm.node_id]),
    )
