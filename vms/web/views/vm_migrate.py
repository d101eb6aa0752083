"""A machine moves to another node: where it could, as the nodes say when they are asked, and then the promise."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Node, Preflight, Vm
from vms.operations.migrating import ask_for_preflight, request_migration
from vms.operations.moving import MigrationOrder, NodeIsOut
from vms.operations.permission import may
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.migrating import MoveForm
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.presenters.migrating import NodeCheck, move_view, node_is_out
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def migrate(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """GET has the nodes asked, unless somebody just did; what they say is shown when it is there."""
    vm = _machine(request, uuid)
    if request.method == "POST":
        return _begin(request, vm)
    if refused := why_not_now(vm, Action.MIGRATE, request.user):
        return show_refusal(request, vm, Action.MIGRATE, refused)
    return _show(request, vm, ask_for_preflight(vm, by=request.user))


def show_refusal(request: PanelRequest, vm: Vm, action: Action, refused: str) -> HttpResponse:
    """refused: why it is not possible now, in a sentence."""
    title = labels.ACTION[action]
    context = {"crumbs": crumbs_of(vm, request.user), "vm": vm, "title": title, "refused": refused}
    return render(request, "vms/refused.html", context)


def _machine(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible.prefetch_related("interfaces"), pk=uuid)
    if not may(request.user, Action.MIGRATE, vm):
        raise PermissionDenied
    request.section = list_of(Kind(vm.kind))
    return vm


def _begin(request: PanelRequest, vm: Vm) -> HttpResponse:
    preflight = _seen_preflight(request, vm)
    if preflight is None:
        messages.error(request, str(labels.MOVE_CHECK_IS_OLD))
        return _show(request, vm, ask_for_preflight(vm, by=request.user), status=CONFLICT)
    form = NodeCheck.of(preflight).form(request.POST)
    if not form.is_valid():
        return _show(request, vm, preflight, form, status=INVALID)
    order = _order(form, submission_key(request))
    try:
        request_migration(vm, order, by=request.user)
    except ActionRefused as refused:
        form.add_error(None, refusal(vm, refused, request.user))
        return _show(request, vm, preflight, form, status=CONFLICT)
    except NodeIsOut as out:
        form.add_error("to", node_is_out(vm, order.to, out.against))
        return _show(request, vm, preflight, form, status=CONFLICT)
    messages.success(request, str(labels.MOVE_BEGINS) % {"vm": vm.display_name, "node": order.to.name})
    return redirect("vms:page", vm.pk)


def _seen_preflight(request: PanelRequest, vm: Vm) -> Preflight | None:
    """The one by which the person has chosen."""
    key = request.POST.get("preflight", "")
    done = Preflight.objects.filter(vm=vm).exclude(finished_at=None)
    return done.filter(pk=key).first() if key.isascii() and key.isdigit() else None


def _order(form: MoveForm, key: UUID | None) -> MigrationOrder:
    chosen, entered = form.chosen, form.cleaned_data
    return MigrationOrder(
        to=Node.objects.get(pk=chosen.node),
        way=chosen.way,
        copies=chosen.copies,
        folder=form.folder,
        limit=form.bytes_per_second,
        converges=entered.get("converges", False),
        post_copy=entered.get("post_copy", False),
        key=key,
    )


def _show(
    request: PanelRequest, vm: Vm, preflight: Preflight, form: MoveForm | None = None, *, status: int = 200
) -> HttpResponse:
    """With everything that was entered."""
    check = NodeCheck.of(preflight)
    form = form or check.form()
    context = {
        "crumbs": crumbs_of(vm, request.user),
        "vm": vm,
        "form": form,
        "move": move_view(vm, check, form),
        "preflight": preflight.pk,
        "key": request.POST.get("key") or uuid4(),
    }
    return render(request, "vms/migrate.html", context, status=status)
