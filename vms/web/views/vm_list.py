"""The lists of virtual machines, of dynamic VMs and of VM templates: the same page for three kinds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from stoney_panel.lists import ListPage
from stoney_panel.lists.sizes import remember_size
from vms.labels import dynamic as words
from vms.models import Node, Vm
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.kinds import Kind
from vms.web.addresses import uuid_of
from vms.web.lists.for_people import title_for
from vms.web.lists.liking import liking_of
from vms.web.lists.machine_columns import (
    ALWAYS,
    OPTIONAL,
    PAGE_OF,
    USUAL,
    known_columns,
    machine_list,
    with_columns,
)
from vms.web.lists.machine_filters import Filters
from vms.web.presenters.bulk import bulk_bar
from vms.web.presenters.buttons import offer
from vms.web.presenters.empty_lists import creating, nothing_yet
from vms.web.presenters.facets import filter_bar
from vms.web.presenters.liking import column_choice, saved_views
from vms.web.presenters.machines import Opened, machine_rows
from vms.web.presenters.tips import tips
from vms.web.requests import ROWS_AT_ONCE, PanelRequest, list_of


@require_safe
def show(request: PanelRequest, kind: Kind) -> HttpResponse:
    _require_may_list(request, kind)
    request.section = list_of(kind)
    visible = Vm.objects.all().visible_to(request.user)
    filters = Filters.asked(request.GET, kind, sees_nodes=sees_nodes(request.user))
    counts = filters.counts(visible)
    liking = liking_of(request.user, kind)
    found = with_columns(filters.found(visible).with_operations_under_way(), liking.columns)
    page = ListPage(request, machine_list(kind, request.user), found, total=counts.total)
    context = {
        "list": page,
        "page_key": PAGE_OF[kind],
        "list_title": title_for(request.user, kind),
        "search_label": _search_label(request, kind),
        "given_to_people": kind is Kind.VM,
        "nothing": nothing_yet(kind, request.user),
        "tips": tips(kind),
        "sees_every_vm": sees_every_vm(request.user),
        **_columns(request, page, kind, liking.columns),
        "saved": saved_views(liking.views, PAGE_OF[kind], page.address.lasting()),
        "filters": filter_bar(filters, counts, page.address),
        "rows_url": f"{reverse('vms:rows')}?kind={kind}&columns={','.join(liking.columns)}",
        "csv_url": f"{reverse('vms:csv', args=[PAGE_OF[kind]])}?{page.address.lasting()}",
        "bulk": bulk_bar(request.user, kind, query=page.address.lasting(), total=page.total),
        "creating": creating(kind, request.user),
        "has_nodes": page.total > 0 or not sees_nodes(request.user) or Node.objects.exists(),
    }
    return remember_size(request, render(request, "vms/list.html", context))


def _search_label(request: PanelRequest, kind: Kind) -> Promise:
    own = kind is Kind.VM and not sees_every_vm(request.user)
    return words.SEARCH_MY_VMS if own else words.SEARCH[kind]


def _columns(request: PanelRequest, page: ListPage[Vm], kind: Kind, liked: Sequence[str]) -> dict[str, Any]:
    """The columns that this person has something from, the choice among them, and the rows with them."""
    left_out = offer(request.user, ()).empty_columns
    optional = [key for key in known_columns(OPTIONAL, kind, request.user) if key not in left_out]
    opened = Opened(request.GET.getlist("open"), page.address.opening)
    shown = machine_rows(page.rows, request.user, first=page.first, opened=opened, columns=liked)
    return {
        "columns": page.columns([key for key in (*ALWAYS, *liked) if key not in left_out]),
        "is_wide": len(liked) > len(USUAL),
        "column_choice": column_choice(liked, optional),
        "rows": shown,
    }


def _require_may_list(request: PanelRequest, kind: Kind) -> None:
    """Templates are given to nobody: they are for whoever sees every machine."""
    if kind is Kind.TEMPLATE and not sees_every_vm(request.user):
        raise PermissionDenied


show_vms = partial(show, kind=Kind.VM)
show_dynamic = partial(show, kind=Kind.DYNAMIC)
show_templates = partial(show, kind=Kind.TEMPLATE)


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    """Just the rows asked for by id, as they are now; a machine that may not be seen is not among them, nor one that
    has become of another kind than the list shows."""
    asked = [uuid for uuid in map(uuid_of, request.GET.getlist("id")[:ROWS_AT_ONCE]) if uuid]
    kinds = [kind for kind in Kind if kind == request.GET.get("kind", kind)]
    asked_columns = request.GET.get("columns", "").split(",")
    columns = known_columns(asked_columns, next(iter(kinds), Kind.VM), request.user)
    visible = Vm.objects.all().visible_to(request.user).filter(pk__in=asked, kind__in=kinds).with_operations_under_way()
    found = machine_rows(
        with_columns(visible, columns),
        request.user,
        first=None,
        opened=Opened(request.GET.getlist("open")),
        columns=columns,
    )
    return render(request, "vms/rows.html", {"rows": found})
