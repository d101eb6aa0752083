"""A template made from nothing, or from an image."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Operation
from vms.operations.creating import FileGone, request_template
from vms.operations.making import NamesTaken
from vms.operations.permission import may_make
from vms.operations.planning import MIB
from vms.web.forms.template import USUAL_MEMORY, TemplateForm
from vms.web.presenters.places import nodes_out, why_out
from vms.web.requests import PanelRequest, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PanelRequest) -> HttpResponse:
    if not may_make(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, TemplateForm())
    form = TemplateForm(request.POST)
    operation = _requested(request, form)
    if operation is None:
        return _show(request, form, status=INVALID)
    name = form.cleaned_data["name"]
    messages.success(request, _("The template %(name)s is being made.") % {"name": name})
    return redirect("vms:page", operation.vm_id)


def _requested(request: PanelRequest, form: TemplateForm) -> Operation | None:
    """None if something stands against it, and the form says what."""
    if not form.is_valid():
        return None
    for reason in why_out(form.chosen, form.wish.memory):
        form.add_error("pool", reason)
    if form.errors:
        return None
    try:
        return request_template(form.wish, form.begins_with, submission_key(request), by=request.user)
    except NamesTaken as taken:
        form.add_error("name", str(labels.NAMES_TAKEN % {"count": 1, "names": ", ".join(taken.names)}))
    except FileGone:
        form.add_error("source", _("Somebody has just removed this file."))
    return None


def _show(request: PanelRequest, form: TemplateForm, *, status: int = 200) -> HttpResponse:
    memory = form.cleaned_data.get("memory", USUAL_MEMORY) if form.is_bound else USUAL_MEMORY
    context = {
        "form": form,
        "nodes_out": nodes_out(form.candidates, memory * MIB),
        "has_places": any(each.pools for each in form.candidates),
        "key": uuid4(),
    }
    return render(request, "templates/create.html", context, status=status)
