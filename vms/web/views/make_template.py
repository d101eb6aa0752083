"""Make a template of a VM: it becomes one itself, or is copied into one."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Operation, Vm
from vms.operations.joining import request_template
from vms.operations.permission import may
from vms.operations.planning import cannot_be_copied, plan_copies
from vms.operations.requesting import (
    ActionRefused,
    MakingOrder,
    NamesTaken,
    request_machines,
)
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.template_of_vm import TemplateCopyForm, TurnForm
from vms.web.forms.vm_pool import TAKE_OVER
from vms.web.presenters.copying import names_taken, origin_view, why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.presenters.modes import mode_choices
from vms.web.presenters.places import nodes_out, why_out
from vms.web.presenters.pooling import REFUSALS, say
from vms.web.requests import PanelRequest, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def make_template(request: PanelRequest, uuid: UUID) -> HttpResponse:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible.prefetch_related("disks", "interfaces"), pk=uuid)
    if vm.kind == Kind.TEMPLATE:  # it has become one meanwhile
        return redirect("vms:page", vm.pk)
    if not (may(request.user, Action.MAKE_TEMPLATE, vm) and may(request.user, Action.CLONE, vm)):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, TurnForm(request.user), TemplateCopyForm(vm, request.user))
    if TAKE_OVER in request.POST:
        return _show(request, TurnForm(request.user), TemplateCopyForm(vm, request.user, entered=request.POST))
    if request.POST.get("how") == "turn":
        return _turn(request, vm, TurnForm(request.user, request.POST))
    return _copy(request, TemplateCopyForm(vm, request.user, request.POST))


def _turn(request: PanelRequest, vm: Vm, form: TurnForm) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, TemplateCopyForm(vm, request.user), status=INVALID)
    mode, key = form.cleaned_data["mode"], submission_key(request)
    try:
        request_template(vm, mode, form.vm_pool_now, key, by=request.user)
    except REFUSALS as refused:
        say(form, refused)
        return _show(request, form, TemplateCopyForm(vm, request.user), status=CONFLICT)
    except ActionRefused as refused:
        copy = TemplateCopyForm(vm, request.user)
        return _show(request, form, copy, refusal(vm, refused, request.user), status=CONFLICT)
    messages.success(request, str(labels.BECOMES_TEMPLATE) % {"vm": vm.display_name})
    return redirect("vms:page", vm.pk)


def _copy(request: PanelRequest, form: TemplateCopyForm) -> HttpResponse:
    if not form.is_valid():
        return _show(request, TurnForm(request.user), form, status=INVALID)
    operation = _requested(request, form)
    if operation is None:
        return _show(request, TurnForm(request.user), form, status=CONFLICT)
    messages.success(request, str(labels.IS_BEING_MADE[Kind.TEMPLATE]) % {"vm": form.wish.name})
    return redirect("vms:page", operation.vm_id)


def _requested(request: PanelRequest, form: TemplateCopyForm) -> Operation | None:
    """None if something stands against it, and the form says what."""
    key, vm = submission_key(request), form.origin
    for sentence in why_out(form.chosen, form.wish.memory, vm):
        form.add_error("pool", sentence)
    if form.errors or cannot_be_copied(vm):
        return None
    order = MakingOrder(Action.CLONE, form.chosen.node, plan_copies(vm, [form.wish]), key)
    try:
        return request_machines(order, vm, by=request.user)[0]
    except NamesTaken as taken:
        form.add_error("name", names_taken(taken.names))
    except ActionRefused as refused:
        form.add_error(None, refusal(vm, refused, request.user))
    except REFUSALS as refused:
        say(form, refused)
    return None


def _show(
    request: PanelRequest, turn: TurnForm, copy: TemplateCopyForm, against: str = "", *, status: int = 200
) -> HttpResponse:
    """against: why it cannot become one, found out just now."""
    vm = copy.origin
    context = {
        "vm": vm,
        "crumbs": crumbs_of(vm, request.user),
        "against": against or why_not_now(vm, Action.MAKE_TEMPLATE, request.user),
        "turn": turn,
        "turn_modes": mode_choices(turn["mode"]),
        "form": copy,
        "copy_modes": mode_choices(copy["mode"]),
        "uncopyable": origin_view(vm, Action.CLONE).uncopyable,
        "nodes_out": nodes_out(copy.candidates, vm.memory, vm),
        "key": uuid4(),
    }
    return render(request, "vms/make_template.html", context, status=status)
