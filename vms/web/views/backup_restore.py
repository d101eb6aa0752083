"""A backup comes back: in its machine, after that one's name was typed, or as a new machine."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Backup, Operation
from vms.operations.permission import require_may_with_backup
from vms.operations.planning import MIB
from vms.operations.restoring import (
    ActionRefused,
    NamesTaken,
    ReturnOrder,
    request_restore,
    request_restore_as_new,
    why_not,
)
from vms.rules.actions import Action
from vms.web.forms.restoring import RestoreAsNewForm, RestoreForm
from vms.web.forms.vm_pool import TAKE_OVER
from vms.web.presenters.copying import names_taken
from vms.web.presenters.holding import refusal
from vms.web.presenters.modes import mode_choices
from vms.web.presenters.places import nodes_out, why_out
from vms.web.presenters.pooling import REFUSALS, say
from vms.web.presenters.restoring import new_one_view, return_view
from vms.web.requests import PanelRequest, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: PanelRequest, pk: int) -> HttpResponse:
    backup = _backup(request, pk, Action.RESTORE)
    if backup.vm.deleted_at is not None:
        raise Http404
    if request.method != "POST":
        return _show(request, RestoreForm(backup))
    form = RestoreForm(backup, request.POST)
    if not form.is_valid():
        return _show(request, form, status=INVALID)
    try:
        request_restore(backup, _order(request, form), by=request.user)
    except ActionRefused as refused:
        form.add_error(None, refusal(backup.vm, refused, request.user))
        return _show(request, form, status=CONFLICT)
    messages.success(request, str(labels.IS_BEING_RESTORED) % {"vm": backup.vm.display_name})
    return redirect("vms:page", backup.vm_id)


def _order(request: PanelRequest, form: RestoreForm) -> ReturnOrder:
    values = form.cleaned_data
    with_memory = values.get("with_memory", False)
    return ReturnOrder(form.chosen_pool, values["limit"] * MIB, with_memory, submission_key(request))


def _show(request: PanelRequest, form: RestoreForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "view": return_view(form.backup, request.user), "key": uuid4()}
    return render(request, "backups/restore.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def restore_as_new(request: PanelRequest, pk: int) -> HttpResponse:
    backup = _backup(request, pk, Action.RESTORE_AS_NEW)
    if request.method != "POST":
        return _show_new(request, RestoreAsNewForm(backup, request.user))
    if TAKE_OVER in request.POST:
        return _show_new(request, RestoreAsNewForm(backup, request.user, entered=request.POST))
    form = RestoreAsNewForm(backup, request.user, request.POST)
    if not form.is_valid():
        return _show_new(request, form, status=INVALID)
    operation = _requested(request, form)
    if operation is None:
        return _show_new(request, form, status=CONFLICT)
    messages.success(request, str(labels.IS_BEING_MADE[form.kind]) % {"vm": form.wish.name})
    return redirect("vms:page", operation.vm_id)


def _requested(request: PanelRequest, form: RestoreAsNewForm) -> Operation | None:
    """None if something stands against it, and the form says what."""
    for sentence in why_out(form.chosen, form.wish.memory):
        form.add_error("pool", sentence)
    if form.errors:
        return None
    try:
        return request_restore_as_new(form.backup, form.wish, submission_key(request), by=request.user)
    except NamesTaken as taken:
        form.add_error("name", names_taken(taken.names))
    except ActionRefused as refused:
        form.add_error(None, refusal(form.backup.vm, refused, request.user))
    except REFUSALS as refused:
        say(form, refused)
    return None


def _show_new(request: PanelRequest, form: RestoreAsNewForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "view": new_one_view(form.backup),
        "nodes_out": nodes_out(form.candidates, form.backup.vm.memory),
        "modes": mode_choices(form["mode"]) if "mode" in form.fields else None,
        "refused": _why_nowhere(form),
        "key": uuid4(),
    }
    return render(request, "backups/restore_as_new.html", context, status=status)


def _why_nowhere(form: RestoreAsNewForm) -> str:
    """A sentence if there is no node on which it could be made, whatever is filled in."""
    if not form.candidates:
        return str(labels.NO_NODE_HAS_BACKUP)
    against = why_not(form.backup, form.candidates[0].node)
    return str(labels.REASON[against]) if against else ""


def _backup(request: PanelRequest, pk: int, action: Action) -> Backup:
    visible = Backup.objects.all().visible_to(request.user).shown().select_related("vm__node", "target")
    backup = get_object_or_404(visible, pk=pk)
    require_may_with_backup(request.user, action, backup)
    return backup
