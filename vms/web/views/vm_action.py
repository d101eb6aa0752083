"""One action on one machine: asked about by GET where it is dangerous, carried out by POST only."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from vms.models import Disk, Vm
from vms.operations.permission import may
from vms.operations.requesting import ActionRefused, Order, request_action
from vms.rules.actions import PLAIN, Action
from vms.rules.kinds import Kind
from vms.web.lists.liking import liking_of
from vms.web.lists.machine_columns import with_columns
from vms.web.presenters.confirming import confirmation
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.holding import refusal
from vms.web.presenters.machines import Opened, machine_rows
from vms.web.requests import PanelRequest, back_to, submission_key, wants_a_part

ACCEPTED, CONFLICT = 202, 409


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: PanelRequest, uuid: UUID, name: str) -> HttpResponse:
    action = _action_named(name)
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    if not may(request.user, action, vm):
        raise PermissionDenied
    if request.method != "POST":
        return render(
            request, "vms/confirm.html", {"confirm": confirmation(vm, action, uuid4(), request.user), "vm": vm}
        )
    return _submit(request, vm, action)


def _submit(request: PanelRequest, vm: Vm, action: Action) -> HttpResponse:
    try:
        request_action(vm, _order(request, vm, action), by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(vm, refused, request.user))
        return answer(request, vm, CONFLICT)
    return answer(request, vm, ACCEPTED)


def answer(request: PanelRequest, vm: Vm, status: int) -> HttpResponse:
    """The row as it is now for the page's script, opened if it was; for everybody else back to the page."""
    if not wants_a_part(request):
        return back_to(request, crumbs_of(vm, request.user).list_url)
    columns = liking_of(request.user, Kind(vm.kind)).columns
    fresh = with_columns(Vm.objects.all().with_operations_under_way(), columns).get(pk=vm.pk)
    opened = Opened(request.GET.getlist("open"))
    shown = machine_rows([fresh], request.user, first=None, opened=opened, columns=columns)
    return render(request, "vms/answer.html", {"rows": shown}, status=status)


def _order(request: PanelRequest, vm: Vm, action: Action) -> Order:
    arguments = {"disks": _disks_to_delete(request, vm)} if action is Action.DELETE else {}
    return Order(action, arguments, submission_key(request))


def _disks_to_delete(request: PanelRequest, vm: Vm) -> list[str]:
    """Those that may go with it, less the ones that are to be kept."""
    going = Disk.objects.all().to_delete().filter(vm=vm).exclude(target__in=request.POST.getlist("keep"))
    return [disk.path for disk in going]


def _action_named(name: str) -> Action:
    """The action of an address; 404 for those that do not exist or have pages of their own."""
    try:
        action = Action(name.replace("-", "_"))
    except ValueError:
        raise Http404 from None
    if action not in PLAIN:
        raise Http404
    return action
