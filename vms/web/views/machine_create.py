"""A VM or a template made from nothing, or from an image: the same page for two kinds."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Operation
from vms.operations.creating import FileGone, request_machine
from vms.operations.making import NamesTaken
from vms.operations.permission import may_make
from vms.operations.planning import MIB
from vms.rules.kinds import Kind
from vms.web.forms.machine import USUAL_MEMORY, MachineForm
from vms.web.forms.vm_pool import TAKE_OVER
from vms.web.lists.for_people import title_for
from vms.web.presenters.places import nodes_out, why_out
from vms.web.presenters.pooling import REFUSALS, say
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PanelRequest, kind: Kind) -> HttpResponse:
    if not may_make(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, MachineForm(kind, request.user, vm_pool=request.GET.get("vm_pool")))
    if TAKE_OVER in request.POST:
        return _show(request, MachineForm(kind, request.user, entered=request.POST))
    form = MachineForm(kind, request.user, request.POST)
    operation = _requested(request, form)
    if operation is None:
        return _show(request, form, status=INVALID)
    messages.success(request, str(labels.IS_BEING_MADE[kind]) % {"vm": form.wish.name})
    return redirect("vms:page", operation.vm_id)


def _requested(request: PanelRequest, form: MachineForm) -> Operation | None:
    """None if something stands against it, and the form says what."""
    if not form.is_valid():
        return None
    for reason in why_out(form.chosen, form.wish.memory):
        form.add_error("pool", reason)
    return None if form.errors else _promised(request, form)


def _promised(request: PanelRequest, form: MachineForm) -> Operation | None:
    """The same."""
    try:
        return request_machine(form.wish, form.begins_with, submission_key(request), by=request.user)
    except NamesTaken as taken:
        form.add_error("name", str(labels.NAMES_TAKEN % {"count": 1, "names": ", ".join(taken.names)}))
    except FileGone:
        form.add_error("source", str(labels.FILE_IS_GONE))
    except REFUSALS as refused:
        say(form, refused)
    return None


def _show(request: PanelRequest, form: MachineForm, *, status: int = 200) -> HttpResponse:
    memory = form.cleaned_data.get("memory", USUAL_MEMORY) if form.is_bound else USUAL_MEMORY
    context = {
        "form": form,
        "title": labels.CREATE_TITLE[form.kind],
        "lead": labels.CREATE_LEAD[form.kind],
        "url": request.path,
        "list_title": title_for(request.user, form.kind),
        "list_url": reverse(list_of(form.kind)),
        "nodes_out": nodes_out(form.candidates, memory * MIB),
        "has_places": any(each.pools for each in form.candidates),
        "key": uuid4(),
    }
    return render(request, "vms/create.html", context, status=status)
