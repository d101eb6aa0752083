"""A machine is backed up now: where to and how, and then the promise."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Vm
from vms.operations.backing_up import ActionRefused, BackupOrder, request_backup
from vms.operations.permission import may
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.backing_up import BackUpForm
from vms.web.presenters.backing_up import Places, back_up_view
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.requests import PanelRequest, list_of, submission_key
from vms.web.views.vm_migrate import show_refusal

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def back_up(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = _machine(request, uuid)
    places = Places.of(vm)
    if request.method == "POST":
        return _begin(request, vm, places)
    if refused := why_not_now(vm, Action.BACK_UP, request.user):
        return show_refusal(request, vm, Action.BACK_UP, refused)
    return _show(request, vm, places, BackUpForm(vm, places.near))


def _machine(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible.prefetch_related("disks", "node__storage_pools"), pk=uuid)
    if not may(request.user, Action.BACK_UP, vm):
        raise PermissionDenied
    request.section = list_of(Kind(vm.kind))
    return vm


def _begin(request: PanelRequest, vm: Vm, places: Places) -> HttpResponse:
    form = BackUpForm(vm, places.near, request.POST)
    if not form.is_valid():
        return _show(request, vm, places, form, status=INVALID)
    try:
        request_backup(vm, _order(request, form), by=request.user)
    except ActionRefused as refused:
        form.add_error(None, refusal(vm, refused, request.user))
        return _show(request, vm, places, form, status=CONFLICT)
    words = {"vm": vm.display_name, "target": form.chosen.name}
    messages.success(request, str(labels.BACK_UP_BEGINS) % words)
    return redirect("vms:page", vm.pk)


def _order(request: PanelRequest, form: BackUpForm) -> BackupOrder:
    entered = form.cleaned_data
    return BackupOrder(
        target=form.chosen,
        whole=form.is_whole,
        with_memory=entered.get("with_memory", False),
        freezes=entered.get("freezes", True),
        limit=form.asked_limit,
        key=submission_key(request),
    )


def _show(request: PanelRequest, vm: Vm, places: Places, form: BackUpForm, *, status: int = 200) -> HttpResponse:
    """With everything that was entered."""
    context = {
        "crumbs": crumbs_of(vm, request.user),
        "vm": vm,
        "form": form,
        "view": back_up_view(vm, places, form, request.user),
        "key": request.POST.get("key") or uuid4(),
    }
    return render(request, "vms/back_up.html", context, status=status)
