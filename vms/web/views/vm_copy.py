"""VMs from a template, and copies of a stopped VM: a form, then what would happen, then the promise."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Operation, Vm
from vms.operations.permission import may
from vms.operations.planning import cannot_be_copied, plan_copies
from vms.operations.requesting import ActionRefused, MakingOrder, NamesTaken, request_machines
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.matrix import COLUMNS
from vms.rules.names import before_the_counter
from vms.web.forms.copying import CopyForm
from vms.web.forms.vm_pool import TAKE_OVER
from vms.web.presenters.copying import (
    Objection,
    names_taken,
    objections,
    origin_view,
    review,
    why_nodes_are_out,
    why_not_now,
)
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.presenters.pooling import REFUSALS, field_of, why_not
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: PanelRequest, uuid: UUID, action: Action) -> HttpResponse:
    origin = _origin(request, uuid, action)
    if request.method != "POST" or cannot_be_copied(origin):
        return _show_form(request, CopyForm(origin, action, request.user))
    if TAKE_OVER in request.POST:
        return _show_form(request, CopyForm(origin, action, request.user, entered=request.POST))
    form = CopyForm(origin, action, request.user, request.POST)
    if not form.is_valid():
        return _show_form(request, form, status=INVALID)
    match request.POST.get("step"):
        case "make":
            return _make(request, form)
        case "change":
            return _show_form(request, form, objections(form, request.user))
        case _:
            return _show_review(request, form)


def _origin(request: PanelRequest, uuid: UUID, action: Action) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    origin = get_object_or_404(visible.prefetch_related("disks", "interfaces"), pk=uuid)
    if not may(request.user, action, origin):
        raise PermissionDenied
    if action not in COLUMNS[Kind(origin.kind)]:
        raise Http404
    request.section = list_of(Kind(origin.kind))
    return origin


def _show_form(
    request: PanelRequest, form: CopyForm, against: Iterable[Objection] = (), *, status: int = 200
) -> HttpResponse:
    """With everything that was entered, and each sentence at its field."""
    for objection in against:
        form.add_error(objection.field, objection.text)
    context = {
        "form": form,
        "crumbs": crumbs_of(form.origin, request.user),
        "origin": origin_view(form.origin, form.action),
        "nodes_out": why_nodes_are_out(form),
        "refused": "" if form.is_bound else why_not_now(form.origin, form.action, request.user),
    }
    return render(request, "vms/copy.html", context, status=status)


def _show_review(request: PanelRequest, form: CopyForm) -> HttpResponse:
    context = {
        "crumbs": crumbs_of(form.origin, request.user),
        "origin": origin_view(form.origin, form.action),
        "review": review(form, request.user),
        "kept": [(field.html_name, value) for field in form for value in request.POST.getlist(field.html_name)],
        "key": uuid4(),
    }
    return render(request, "vms/copy_review.html", context)


def _make(request: PanelRequest, form: CopyForm) -> HttpResponse:
    key = submission_key(request)
    against = [] if _was_submitted(key) else objections(form, request.user)
    if against:
        return _show_form(request, form, against, status=CONFLICT)
    order = MakingOrder(form.action, form.chosen.node, plan_copies(form.origin, form.wishes), key)
    try:
        operations = request_machines(order, form.origin, by=request.user)
    except NamesTaken as taken:
        return _show_form(request, form, [Objection("name", names_taken(taken.names))], status=CONFLICT)
    except REFUSALS as refused:
        against = [Objection(field_of(refused, form), why_not(refused))]
        return _show_form(request, form, against, status=CONFLICT)
    except ActionRefused as refused:
        return _show_form(
            request, form, [Objection(None, refusal(form.origin, refused, request.user))], status=CONFLICT
        )
    return _to_the_new_ones(request, [operation.vm for operation in operations if operation.vm], form)


def _was_submitted(key: UUID | None) -> bool:
    """What stands against it may then be the very machines that were made."""
    return key is not None and Operation.objects.filter(request_key=key).exists()


def _to_the_new_ones(request: PanelRequest, machines: list[Vm], form: CopyForm) -> HttpResponse:
    """Where they can be seen, with a message that leads to each."""
    links = format_html_join(
        ", ",
        '<a class="name" href="{}">{}</a>',
        ((reverse("vms:page", args=[vm.pk]), vm.display_name) for vm in machines),
    )
    words = labels.VMS_ARE_BEING_MADE % {"count": len(machines)}
    messages.success(request, format_html("{} {}", words, links))
    if len(machines) == 1:
        return redirect("vms:page", machines[0].pk)
    query = urlencode({"q": before_the_counter(form.cleaned_data["name"]).strip()})
    return redirect(f"{reverse('vms:list')}?{query}")
