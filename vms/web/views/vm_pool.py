"""A machine is moved to another pool, or out of its own."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms.labels import pooling as words
from vms.models import Vm, VmPool
from vms.operations.joining import ActionRefused, request_to_move
from vms.operations.permission import may
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.move_to_pool import MoveToPoolForm
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.presenters.move_to_pool import CAN_MOVE, pool_move
from vms.web.presenters.pooling import REFUSALS, say
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def move_to_pool(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = _machine(request, uuid)
    if request.method != "POST":
        return _show(request, MoveToPoolForm(vm, request.user))
    form = MoveToPoolForm(vm, request.user, request.POST)
    if not form.is_valid():
        return _show(request, form, status=INVALID)
    pool: VmPool | None = form.cleaned_data["vm_pool"]
    if (pool.pk if pool else None) == vm.pool_id:
        return _nothing_to_do(request, vm)
    try:
        request_to_move(vm, pool, submission_key(request), by=request.user)
    except REFUSALS as refused:
        say(form, refused)
        return _show(request, form, status=CONFLICT)
    except ActionRefused as refused:
        form.add_error(None, refusal(vm, refused, request.user))
        return _show(request, form, status=CONFLICT)
    sentence = words.MOVES if pool else words.LEAVES
    messages.success(request, str(sentence) % {"vm": vm.display_name, "pool": pool})
    return redirect("vms:page", vm.pk)


def _machine(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible.select_related("pool").prefetch_related("interfaces"), pk=uuid)
    if vm.kind not in CAN_MOVE:
        raise Http404
    if not may(request.user, Action.MOVE_TO_POOL, vm):
        raise PermissionDenied
    request.section = list_of(Kind(vm.kind))
    return vm


def _nothing_to_do(request: PanelRequest, vm: Vm) -> HttpResponse:
    sentence = words.IS_THERE if vm.pool else words.IS_IN_NONE
    messages.info(request, str(sentence) % {"vm": vm.display_name, "pool": vm.pool})
    return redirect("vms:page", vm.pk)


def _show(request: PanelRequest, form: MoveToPoolForm, *, status: int = 200) -> HttpResponse:
    context = {
        "crumbs": crumbs_of(form.vm, request.user),
        "vm": form.vm,
        "form": form,
        "move": pool_move(form.vm, form),
        "refused": "" if form.is_bound else why_not_now(form.vm, Action.MOVE_TO_POOL, request.user),
        "key": uuid4(),
    }
    return render(request, "vms/pool.html", context, status=status)
