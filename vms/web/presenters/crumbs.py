"""Where a page of a machine, or of a pool, stands: in which list, and of which one."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms.labels import pools as pool_words
from vms.models import Vm, VmPool
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind
from vms.web.lists.for_people import title_for
from vms.web.requests import list_of


@dataclass(frozen=True, slots=True)
class Crumbs:
    """list_title: of the pool, for a golden image."""

    list_title: Promise | str
    list_url: str
    name: str
    url: str


def crumbs_of(vm: Vm, viewer: Viewer) -> Crumbs:
    kind, page = Kind(vm.kind), reverse("vms:page", args=[vm.pk])
    if kind is Kind.GOLDEN_IMAGE and vm.pool:
        return Crumbs(vm.pool.name, reverse("vms:pool", args=[vm.pool_id]), vm.display_name, page)
    return Crumbs(title_for(viewer, kind), reverse(list_of(kind)), vm.display_name, page)


def crumbs_of_pool(pool: VmPool) -> Crumbs:
    return Crumbs(pool_words.POOLS, reverse("vms:pools"), pool.name, reverse("vms:pool", args=[pool.pk]))
