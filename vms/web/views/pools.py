"""Pools of virtual machines: all that one may see, one of them, and the form in which one is made or changed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms.labels import pools as words
from vms.models import VmPool
from vms.operations.permission import may_manage_nodes, require_may_manage_nodes, sees_every_vm
from vms.operations.pools import (
    PoolKeepsItsKind,
    PoolNameTaken,
    PoolNeeded,
    remove_pool,
    save_pool,
    switch_pool,
)
from vms.web.forms.pool import PoolForm
from vms.web.presenters.golden_images import golden_images_of
from vms.web.presenters.pool_machines import machines_of_pool
from vms.web.presenters.pool_page import pool_page
from vms.web.presenters.pool_rights import people_of
from vms.web.presenters.pools import kind_choices, pool_cards, pool_rows, removal_question
from vms.web.presenters.taking import opening_of
from vms.web.requests import PanelRequest, wants_a_part

INVALID = 422

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Name"), Lower("name")),
        "kind": ColumnKind(pgettext_lazy("column: which machines belong to a pool", "Kind"), "kind"),
        "vms": ColumnKind(pgettext_lazy("column: how many there are of how many", "VMs"), "count"),
        "memory": ColumnKind(gettext_lazy("Memory")),
        "vcpus": ColumnKind(pgettext_lazy("column: processors of machines", "vCPUs")),
        "nodes": ColumnKind(gettext_lazy("Nodes")),
    },
    search=("name", "notes"),
    default="name",
)


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    """Whoever does not see every machine sees the pools that they were given."""
    pools = VmPool.objects.all().visible_to(request.user)
    if not sees_every_vm(request.user):
        return _cards(request, pools)
    counted = pools.annotate(count=Count("vms", filter=Q(vms__deleted_at=None)))
    page = ListPage(request, LIST, counted.prefetch_related("nodes"))
    context = {
        "list": page,
        "columns": page.columns(),
        "rows": pool_rows(page.rows),
        "may_manage": may_manage_nodes(request.user),
    }
    return remember_size(request, render(request, "pools/list.html", context))


def _cards(request: PanelRequest, pools: Iterable[VmPool]) -> HttpResponse:
    return render(request, "pools/cards.html", {"cards": pool_cards(pools, request)})


@require_safe
def show(request: PanelRequest, pk: UUID) -> HttpResponse:
    """That of one that was removed leads to the others, also from its page that was open meanwhile."""
    pool = _visible(request, pk)
    if pool is None:
        return _was_removed(request)
    if not sees_every_vm(request.user):
        return _cards(request, [pool])
    context = {
        "page": pool_page(pool, request.user),
        "pool": pool,
        "may_manage": may_manage_nodes(request.user),
        "opening": opening_of(pool, request),
        "golden_images": golden_images_of(pool, request),
        "machines": machines_of_pool(pool, request),
        "people": people_of(pool, request),
    }
    return render(request, "pools/page.html", context)


def _visible(request: PanelRequest, pk: UUID) -> VmPool | None:
    """None if there is no such pool any more. Whoever sees only what was given is not told that apart from one that was
    not."""
    pools = VmPool.objects.all().visible_to(request.user).select_related("active", "schedule")
    pool = pools.prefetch_related("nodes").filter(pk=pk).first()
    if pool is None and not sees_every_vm(request.user):
        raise Http404
    return pool


def _was_removed(request: PanelRequest) -> HttpResponse:
    if not wants_a_part(request):
        messages.info(request, str(words.POOL_GONE))
    return redirect("vms:pools")


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PanelRequest) -> HttpResponse:
    require_may_manage_nodes(request.user)
    return _fill_in(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PanelRequest, pk: UUID) -> HttpResponse:
    require_may_manage_nodes(request.user)
    pool = _visible(request, pk)
    return _fill_in(request, pool) if pool else _was_removed(request)


def _fill_in(request: PanelRequest, pool: VmPool | None) -> HttpResponse:
    form = PoolForm(pool, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_pool(pool, form.order, by=request.user)
        except (PoolNameTaken, PoolKeepsItsKind) as refused:
            form.say(refused)
        except VmPool.DoesNotExist:
            return _was_removed(request)
        else:
            done = words.POOL_CHANGED if pool else words.POOL_ADDED
            messages.success(request, str(done) % {"pool": saved.name})
            return redirect("vms:pool", saved.pk)
    status = INVALID if request.method == "POST" else 200
    context = {"form": form, "pool": pool, "kinds": kind_choices(form["kind"])}
    return render(request, "pools/edit.html", context, status=status)


@require_POST
def turn_on_or_off(request: PanelRequest, pk: UUID) -> HttpResponse:
    require_may_manage_nodes(request.user)
    pool = _visible(request, pk)
    if pool is None:
        return _was_removed(request)
    on = request.POST.get("on") == "yes"
    said = words.POOL_SWITCHED if switch_pool(pool, on=on, by=request.user) else words.POOL_WAS_SO
    messages.success(request, str(said[on]) % {"pool": pool.name})
    return redirect("vms:pool", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: PanelRequest, pk: UUID) -> HttpResponse:
    require_may_manage_nodes(request.user)
    pool = _visible(request, pk)
    if pool is None:
        return _was_removed(request)
    if request.method != "POST":
        return render(request, "pools/remove.html", {"pool": pool, "confirm": removal_question(pool)})
    try:
        remove_pool(pool, by=request.user)
    except PoolNeeded as needed:
        messages.error(request, words.pool_is_needed(needed.machines, needed.images))
        return redirect("vms:pool", pk)
    messages.success(request, str(words.POOL_REMOVED) % {"pool": pool.name})
    return redirect("vms:pools")
