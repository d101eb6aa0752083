"""Pools of virtual machines: as rows of a list, and the question before one is removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.forms import BoundField
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from vms.labels import pools as words
from vms.models import VmPool
from vms.models.pooling import use_of
from vms.operations.pools import what_is_left
from vms.rules.pools import PoolKind
from vms.web.presenters.backup_targets import Link
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.pool_counts import DynamicCounts, counts_of
from vms.web.presenters.pool_use import PoolBar, pool_bars
from vms.web.presenters.taking import Opening, openings_of
from vms.web.requests import PanelRequest

LIST_OF: Mapping[PoolKind, str] = {
    PoolKind.TEMPLATE: "vms:templates",
    PoolKind.PERSISTENT: "vms:list",
    PoolKind.DYNAMIC: "vms:dynamic",
}


@dataclass(frozen=True, slots=True)
class PoolRow:
    """nodes: where its machines may be, none for everywhere. counts: of its dynamic VMs, None for other pools."""

    pk: UUID
    name: str
    url: str
    kind: str
    is_off: bool
    bars: list[PoolBar]
    nodes: list[Link]
    counts: DynamicCounts | None


@dataclass(frozen=True, slots=True)
class KindChoice:
    """button: the HTML of its radio button, of that id."""

    button: SafeString
    id: str
    label: str
    means: str


@dataclass(frozen=True, slots=True)
class PoolCard:
    """A pool that somebody was given. opening: None if there is nothing in it to be opened; list_url: where its
    machines are listed, "" if they are no such."""

    pk: UUID
    name: str
    notes: str
    opening: Opening | None
    list_url: str


def pool_cards(pools: Iterable[VmPool], request: PanelRequest) -> list[PoolCard]:
    """The number of queries is the same however many there are."""
    pools = list(pools)
    openings = openings_of(pools, request)
    return [
        PoolCard(
            pk=pool.pk,
            name=pool.name,
            notes=pool.notes,
            opening=openings.get(pool.pk),
            list_url=list_url(pool) if pool.kind == PoolKind.PERSISTENT else "",
        )
        for pool in pools
    ]


def list_url(pool: VmPool) -> str:
    """Where its machines are listed."""
    return f"{reverse(LIST_OF[PoolKind(pool.kind)])}?{urlencode({'pool': pool.name})}"


def pool_rows(pools: Iterable[VmPool]) -> list[PoolRow]:
    """pools: with their nodes. Two queries, however many there are."""
    pools = list(pools)
    uses, counts = use_of(pools), counts_of(pools)
    return [
        PoolRow(
            pk=pool.pk,
            name=pool.name,
            url=reverse("vms:pool", args=[pool.pk]),
            kind=str(words.POOL_KIND[PoolKind(pool.kind)]),
            is_off=is_off(pool),
            bars=pool_bars(pool, uses[pool.pk]),
            nodes=node_links(pool),
            counts=counts.get(pool.pk),
        )
        for pool in pools
    ]


def kind_choices(field: BoundField) -> list[KindChoice]:
    """field: of kinds to choose from."""
    return [
        KindChoice(box.tag(), box.id_for_label, box.choice_label, str(words.POOL_KIND_MEANS[kind]))
        for kind, box in zip(PoolKind, field, strict=True)
    ]


def is_off(pool: VmPool) -> bool:
    """Only a dynamic pool does anything that can be switched off."""
    return pool.is_dynamic and not pool.is_on


def node_links(pool: VmPool) -> list[Link]:
    return [Link(node.name, reverse("nodes:page", args=[node.pk])) for node in pool.nodes.all()]


def removal_question(pool: VmPool) -> Confirmation:
    left = what_is_left(pool)
    return Confirmation(
        title=str(words.REMOVE_TITLE) % {"pool": pool.name},
        text=str(words.REMOVE_TEXT),
        points=[],
        disks=Fates(),
        label=str(words.REMOVE),
        danger=True,
        url=reverse("vms:remove_pool", args=[pool.pk]),
        cancel_url=reverse("vms:pool", args=[pool.pk]),
        key=None,
        refused=words.pool_is_needed(*left) if any(left) else "",
    )
