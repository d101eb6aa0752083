"""The lists of virtual machines and of VM templates: the same page for two kinds."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from vms import labels
from vms.models import Node, Vm
from vms.rules.kinds import Kind
from vms.web.lists import ColumnKind, ListKind, ListPage
from vms.web.presenters.machines import machine_rows
from vms.web.requests import PanelRequest

ROWS_AT_ONCE = 100

LIST = ListKind(
    columns={
        "name": ColumnKind(_("Name"), "display_name"),
        "status": ColumnKind(_("Status"), "main"),
        "run": ColumnKind(labels.RUN_ACTION),
        "memory": ColumnKind(_("Memory"), "memory", "num"),
        "node": ColumnKind(_("Node"), "node__name"),
        "action": ColumnKind(labels.OTHER_ACTION),
    },
    search=("display_name", "name", "uuid", "node__name", "main", "second", "mode"),
    default="name",
)


@require_safe
def show(request: PanelRequest, kind: Kind) -> HttpResponse:
    visible = Vm.objects.all().visible_to(request.user).of_kind(kind).with_operations_under_way()
    page = ListPage(request, LIST, visible)
    context = {
        "list": page,
        "is_template": kind is Kind.TEMPLATE,
        "rows_url": reverse("vms:rows"),
        "has_nodes": page.total > 0 or Node.objects.exists(),
        "rows": machine_rows(page.rows, request.user, first=page.first, opened=request.GET.getlist("open")),
    }
    return render(request, "vms/list.html", context)


show_vms = partial(show, kind=Kind.VM)
show_templates = partial(show, kind=Kind.TEMPLATE)


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    """Just the rows asked for by id, as they are now; a machine that may not be seen is not among them."""
    asked = [uuid for uuid in map(_as_uuid, request.GET.getlist("id")[:ROWS_AT_ONCE]) if uuid]
    visible = Vm.objects.all().visible_to(request.user).filter(pk__in=asked).with_operations_under_way()
    found = machine_rows(visible, request.user, first=None, opened=request.GET.getlist("open"))
    return render(request, "vms/rows.html", {"rows": found})


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
