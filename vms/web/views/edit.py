"""A machine is edited: a form, then what would be changed, then the promise."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Operation, Vm
from vms.operations.definitions import live_hardware_of
from vms.operations.describing import protect, write_notes
from vms.operations.editing import ActionRefused, FileGone, ImpossibleEdit, NamesTaken, request_edit
from vms.operations.permission import may
from vms.operations.pooling import OutsideOfPool, PoolIsFull
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.editing.form import EditForm, with_row, without_row
from vms.web.forms.editing.offer import offer_of
from vms.web.forms.editing.opened import Opened, open_now, opened_before
from vms.web.forms.editing.part import Edited
from vms.web.presenters.copying import names_taken, why_not_now
from vms.web.presenters.editing import edit_view, meanwhile, place_of, review
from vms.web.presenters.holding import refusal
from vms.web.presenters.pooling import why_not
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "step", "key"})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = _machine(request, uuid)
    if _was_submitted(request):
        return redirect("vms:page", vm.pk)
    now, refused = open_now(vm), why_not_now(vm, Action.EDIT, request.user)
    if now is None or (refused and request.method != "POST"):
        return _show_refusal(request, vm, refused or str(labels.DEFINITION_UNKNOWN) % {"vm": vm.display_name})
    edited = Edited(vm, now, live_hardware_of(vm), offer_of(vm), request.user)
    if request.method != "POST":
        return _show(request, EditForm(edited))
    before = opened_before(vm, request.POST.get("opened", ""))
    if before is None:
        return _show(request, EditForm(edited), str(labels.FORM_IS_INCOMPLETE), status=INVALID)
    return _answer(request, edited, before, refused)


def _machine(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible.select_related("definition"), pk=uuid)
    if not may(request.user, Action.EDIT, vm):
        raise PermissionDenied
    request.section = list_of(Kind(vm.kind))
    return vm


def _was_submitted(request: PanelRequest) -> bool:
    """What stands against it may then be the very change that was asked for."""
    key = submission_key(request) if request.POST.get("step") == "save" else None
    return key is not None and Operation.objects.filter(request_key=key, requested_by=request.user.pk).exists()


def _answer(request: PanelRequest, edited: Edited, before: Opened, refused: str) -> HttpResponse:
    if not before.is_still_so(edited.opened):
        return _show_meanwhile(request, edited, before)
    edited = replace(edited, opened=edited.opened.with_drives_of(before))
    step, _colon, what = request.POST.get("step", "").partition(":")
    form = EditForm(edited, request.POST)
    if step in {"add", "drop"}:
        rows = with_row(form.rows, what) if step == "add" else without_row(form.rows, what)
        return _show(request, EditForm(edited, filled=replace(form.filled, rows=rows)))
    if step == "change":
        return _show(request, EditForm(edited, filled=form.filled))
    if not form.is_valid():
        return _show(request, form, refused, status=INVALID)
    if refused:
        return _show(request, form, refused, status=CONFLICT)
    return _save(request, form) if step == "save" else _show_review(request, form)


def _show_meanwhile(request: PanelRequest, edited: Edited, before: Opened) -> HttpResponse:
    """What this person has changed is kept, on top of what the machine has become."""
    theirs = EditForm(replace(edited, opened=before), request.POST)
    context = {
        "place": place_of(edited.vm, request.user),
        "view": edit_view(EditForm(edited, filled=theirs.changed)),
        "meanwhile": meanwhile(edited.vm, before, edited.opened),
    }
    return render(request, "vms/edit.html", context, status=CONFLICT)


def _show(request: PanelRequest, form: EditForm, against: str = "", *, status: int = 200) -> HttpResponse:
    """With everything that was entered, and each sentence at its field."""
    context = {"place": place_of(form.edited.vm, request.user), "view": edit_view(form), "against": against}
    return render(request, "vms/edit.html", context, status=status)


def _show_refusal(request: PanelRequest, vm: Vm, against: str) -> HttpResponse:
    status = 200 if request.method != "POST" else CONFLICT
    return render(request, "vms/edit.html", {"place": place_of(vm, request.user), "against": against}, status=status)


def _show_review(request: PanelRequest, form: EditForm) -> HttpResponse:
    if form.changes_nothing:
        return _nothing_to_do(request, form.edited.vm)
    view = edit_view(form)
    kept = [(name, value) for name in request.POST if name not in NOT_KEPT for value in request.POST.getlist(name)]
    context = {"place": place_of(form.edited.vm, request.user), "review": review(form), "kept": kept, "key": view.key}
    return render(request, "vms/edit_review.html", context)


def _nothing_to_do(request: PanelRequest, vm: Vm) -> HttpResponse:
    messages.info(request, str(labels.EDIT_CHANGES_NOTHING) % {"vm": vm.display_name})
    return redirect("vms:page", vm.pk)


def _save(request: PanelRequest, form: EditForm) -> HttpResponse:
    vm = form.edited.vm
    if form.changes_nothing:
        return _nothing_to_do(request, vm)
    if not _is_promised(request, form):
        return _show(request, form, status=CONFLICT)
    _write_the_panels_own(request, form)
    return redirect("vms:page", vm.pk)


def _is_promised(request: PanelRequest, form: EditForm) -> bool:
    """Otherwise something stands against it, and the form says what."""
    vm, order = form.edited.vm, form.order(submission_key(request))
    if order.is_empty:
        return True
    try:
        request_edit(vm, order, by=request.user)
    except (ActionRefused, FileGone, ImpossibleEdit, NamesTaken) as refused:
        _say_what_stands_against_it(request, form, refused)
        return False
    except PoolIsFull as full:
        form.sizes.add_error(full.limit.value, why_not(full))
        return False
    except OutsideOfPool as outside:
        form.general.add_error(None, why_not(outside))
        return False
    messages.success(request, str(labels.IS_BEING_EDITED) % {"vm": vm.display_name})
    return True


def _say_what_stands_against_it(request: PanelRequest, form: EditForm, why: Exception) -> None:
    match why:
        case ActionRefused():
            form.general.add_error(None, refusal(form.edited.vm, why, request.user))
        case ImpossibleEdit():
            form.say_hindrances(why.changes)
        case NamesTaken():
            form.general.add_error("name", names_taken(why.names))
        case FileGone():
            form.general.add_error(None, str(labels.FILE_IS_GONE))


def _write_the_panels_own(request: PanelRequest, form: EditForm) -> None:
    vm, notes, protection = form.edited.vm, form.general.own_notes, form.general.protection
    if notes is not None:
        write_notes(vm, notes, by=request.user)
        messages.success(request, str(labels.NOTES_ARE_SAVED))
    if protection is None:
        return
    try:
        protect(vm, protection, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(vm, refused, request.user))
    else:
        messages.success(request, str(labels.PROTECTION_IS[protection]) % {"vm": vm.display_name})
