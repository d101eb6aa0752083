from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from stoney_panel.lists.words import asked_text, with_every_word
from vms import labels
from vms.labels.pools import only_node_of_pools
from vms.models import ContactTest, Event, Node
from vms.models.keeping import only_seen_by
from vms.operations.nodes import (
    NodeIsAllOfAPool,
    NodeStillHasMachines,
    add_node,
    ask_for_contact,
    remove_node,
    set_addresses,
    set_duty,
)
from vms.operations.permission import may_manage_nodes, sees_nodes
from vms.rules.duty import Duty
from vms.rules.timeline import What
from vms.web.forms.node import AddressesForm, NodeForm
from vms.web.presenters.node_contact import contact_view
from vms.web.presenters.node_duty import duty_question
from vms.web.presenters.node_facets import ALL, SHOWN, node_facets
from vms.web.presenters.node_page import node_page
from vms.web.presenters.nodes import node_view, node_views
from vms.web.presenters.timeline import timeline_entry
from vms.web.requests import PanelRequest, asked_keys

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Name"), "name"),
        "state": ColumnKind(gettext_lazy("State"), "reachable"),
        "vms": ColumnKind(gettext_lazy("VMs and templates"), "vm_count"),
        "memory": ColumnKind(gettext_lazy("Memory"), "memory_free"),
        "cpu": ColumnKind(gettext_lazy("Processors"), "cpu_permille"),
        "versions": ColumnKind(gettext_lazy("Versions"), "libvirt_version"),
        "contact": ColumnKind(gettext_lazy("Last contact"), "last_contact_at"),
    },
    search=("name", "uri", "hostname", "libvirt_version"),
    default="name",
)


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    _require_sees_nodes(request)
    shown = request.GET.get("show", ALL)
    page = ListPage(request, LIST, Node.objects.with_vm_counts().filter(SHOWN.get(shown, Q())))
    found = with_every_word(Node.objects.all(), LIST.search, asked_text(request.GET))
    context = {
        "list": page,
        "facets": node_facets(found, shown, page.address),
        "rows": node_views(page.rows),
        "filtered": shown != ALL,
        "may_manage": may_manage_nodes(request.user),
    }
    return remember_size(request, render(request, "nodes/list.html", context))


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    _require_sees_nodes(request)
    found = Node.objects.filter(pk__in=asked_keys(request))
    return render(request, "nodes/rows.html", {"rows": node_views(found)})


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    _require_sees_nodes(request)
    node = Node.objects.filter(pk=pk).first()
    if node is None:
        _removal(pk)
        return redirect("nodes:removed", pk)
    page = node_page(node, request.user, request.GET.get("events", ""))
    context = {"page": page, "node": page.node, "may_manage": may_manage_nodes(request.user)}
    return render(request, "nodes/page.html", context)


@require_safe
def show_removed(request: PanelRequest, pk: int) -> HttpResponse:
    """Where the page of a node leads that was removed, also one that was open meanwhile."""
    _require_sees_nodes(request)
    return render(request, "nodes/removed.html", {"removal": timeline_entry(_removal(pk), request.user)})


def _removal(pk: int) -> Event:
    return get_object_or_404(Event, what=What.NODE_REMOVED, node=None, values__key=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PanelRequest) -> HttpResponse:
    """Name and address first; the contact is tried by a worker, and shown step by step on the next page."""
    _require_may_manage(request)
    form = NodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        test = ask_for_contact(form.cleaned_data["name"], form.cleaned_data["uri"], by=request.user)
        return redirect("nodes:contact", test.pk)
    return render(request, "nodes/add.html", {"form": form}, status=200 if request.method != "POST" else 422)


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: PanelRequest, pk: int) -> HttpResponse:
    """How the first contact goes. POST adds the node, also one that cannot be reached yet."""
    _require_may_manage(request)
    test = get_object_or_404(ContactTest, pk=pk, requested_by_id=request.user.pk)
    if request.method != "POST":
        return render(request, "nodes/contact.html", {"contact": contact_view(test)})
    form = NodeForm({"name": test.name, "uri": test.uri})
    if not form.is_valid():
        return _already_added(test) or render(request, "nodes/add.html", {"form": form}, status=422)
    node = add_node(test.name, test.uri, by=request.user)
    messages.success(request, _("Node %(node)s was added. Its machines appear as soon as it answers.") % {"node": node})
    return redirect("nodes:list")


def _already_added(test: ContactTest) -> HttpResponse | None:
    """A second click on "Add"."""
    exists = Node.objects.filter(name=test.name, uri=test.uri).exists()
    return redirect("nodes:list") if exists else None


@require_http_methods(["GET", "HEAD", "POST"])
def change_duty(request: PanelRequest, pk: int, duty: str) -> HttpResponse:
    """Puts a node into maintenance, or ends that. GET asks."""
    if duty not in set(Duty):
        raise Http404
    _require_may_manage(request)
    node, wanted = get_object_or_404(Node, pk=pk), Duty(duty)
    if request.method != "POST":
        return render(request, "nodes/duty.html", {"node": node, "confirm": duty_question(node, wanted)})
    if set_duty(node, wanted, by=request.user):
        messages.success(request, labels.DUTY_SET[wanted] % {"node": node.name})
    else:
        messages.info(request, labels.DUTY_IS_SO[wanted] % {"node": node.name})
    return redirect("nodes:page", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def change_addresses(request: PanelRequest, pk: int) -> HttpResponse:
    """How other nodes reach it."""
    _require_may_manage(request)
    node = get_object_or_404(Node, pk=pk)
    is_sent = request.method == "POST"
    form = AddressesForm(node, request.POST if is_sent else None)
    if is_sent and form.is_valid():
        changed = set_addresses(node, **form.cleaned_data, by=request.user)
        words = labels.ADDRESSES_SET if changed else labels.ADDRESSES_SAME
        messages.success(request, str(words) % {"node": node.name})
        return redirect("nodes:page", pk)
    context = {"form": form, "node": node, "title": str(labels.ADDRESSES_TITLE) % {"node": node.name}}
    return render(request, "nodes/addresses.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PanelRequest, pk: int) -> HttpResponse:
    _require_may_manage(request)
    node = get_object_or_404(Node, pk=pk)
    if request.method != "POST":
        forgotten = len(only_seen_by(node))
        context = {"node": node_view(node), "forgotten": labels.backups_forgotten(forgotten) if forgotten else ""}
        return render(request, "nodes/remove.html", context)
    try:
        remove_node(node, by=request.user)
    except NodeStillHasMachines as still:
        messages.error(request, labels.node_still_has_machines(node.name, still.count))
        return redirect("nodes:page", pk)
    except NodeIsAllOfAPool as only:
        messages.error(request, only_node_of_pools(node.name, only.pools))
        return redirect("nodes:page", pk)
    messages.success(request, _("Node %(node)s was removed from the panel.") % {"node": node.name})
    return redirect("nodes:list")


def _require_sees_nodes(request: PanelRequest) -> None:
    if not sees_nodes(request.user):
        raise PermissionDenied


def _require_may_manage(request: PanelRequest) -> None:
    if not may_manage_nodes(request.user):
        raise PermissionDenied
