"""What is to become of a machine that more than one node knows: asked about by GET, decided by POST."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms.models import Node, Vm
from vms.operations.doubles import Ending, disregard, request_ending
from vms.operations.permission import may, sees_nodes
from vms.operations.requesting import ActionRefused
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.doubles_ending import disregard_question, ending_question, is_being_ended, was_disregarded
from vms.web.requests import PanelRequest, list_of, submission_key
from vms.web.views.vm_action import CONFLICT


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: PanelRequest, uuid: UUID, node: int, action: Action) -> HttpResponse:
    """Its definition, or its process, on this node."""
    vm = _vm(request, uuid)
    ending = _ending(request, vm, get_object_or_404(Node, pk=node), action)
    status = 200
    if request.method == "POST":
        try:
            request_ending(vm, ending, by=request.user)
        except ActionRefused:
            status = CONFLICT
        else:
            messages.success(request, is_being_ended(vm, ending))
            return redirect("vms:page", vm.pk)
    return _ask(request, vm, ending_question(vm, ending, uuid4(), request.user), status)


@require_http_methods(["GET", "HEAD", "POST"])
def go_on_without(request: PanelRequest, uuid: UUID, node: int) -> HttpResponse:
    """A node that does not answer, and had it too."""
    vm, there = _vm(request, uuid), get_object_or_404(Node, pk=node)
    if request.method == "POST" and disregard(vm, there, by=request.user):
        messages.success(request, was_disregarded(vm, there))
        return redirect("vms:page", vm.pk)
    return _ask(request, vm, disregard_question(vm, there), CONFLICT if request.method == "POST" else 200)


def _vm(request: PanelRequest, uuid: UUID) -> Vm:
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    if not (may(request.user, Action.FORGET_DOUBLE, vm) and sees_nodes(request.user)):
        raise PermissionDenied
    request.section = list_of(Kind(vm.kind))
    return vm


def _ending(request: PanelRequest, vm: Vm, there: Node, action: Action) -> Ending:
    """Of two nodes the other one is kept; of more, the machine's own."""
    double = vm.doubles.exclude(node=there).select_related("node").first()
    is_home = there.pk == vm.node_id
    kept = double.node if is_home and double else vm.node
    return Ending(action, there=there, kept=kept, key=submission_key(request))


def _ask(request: PanelRequest, vm: Vm, question: Confirmation, status: int) -> HttpResponse:
    return render(request, "vms/confirm.html", {"confirm": question, "vm": vm}, status=status)
