"""Streaming: faster or slower, stopped, and gone on with."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.permission import may, may_cancel
from vms.operations.planning import default_limit
from vms.operations.requesting import ActionRefused, cancel, change_limit, request_stream
from vms.rules.actions import FILLS_DISKS, HAS_A_LIMIT, Action, Slot
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.web.forms.limit import LimitForm
from vms.web.presenters.holding import refusal
from vms.web.presenters.operation_page import operation_page
from vms.web.presenters.stopping import is_being_stopped, stop_question
from vms.web.presenters.streams import limit_view, limit_was_set, may_be_limited
from vms.web.requests import PanelRequest, back_to, came_from, wants_a_part
from vms.web.views.operations import visible_operations
from vms.web.views.vm_action import ACCEPTED, CONFLICT, answer

INVALID = 422


@require_POST
def limit(request: PanelRequest, pk: int) -> HttpResponse:
    """How fast it may copy from now on."""
    operation = _operation_or_404(request, pk, HAS_A_LIMIT)
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _not_limited(request, operation, form, form.said_wrong, INVALID)
    change_limit(operation, form.bytes_per_second, by=request.user)
    operation.refresh_from_db(fields=["limit", "finished_at", "ends_as", "phase"])
    if not may_be_limited(operation):
        return _not_limited(request, operation, form, str(labels.TOO_LATE_TO_LIMIT), CONFLICT)
    messages.success(request, limit_was_set(operation))
    if wants_a_part(request):
        return render(request, "components/messages.html")
    return HttpResponseRedirect(came_from(request, reverse("operations:page", args=[pk])))


def _not_limited(
    request: PanelRequest, operation: Operation, form: LimitForm, sentence: str, status: int
) -> HttpResponse:
    messages.error(request, sentence)
    if wants_a_part(request):
        return render(request, "components/messages.html", status=status)
    page = operation_page(operation, request.user)
    view = replace(page.operation, limit=limit_view(operation, request.user, form))
    return render(request, "operations/page.html", {"page": page, "operation": view}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: PanelRequest, pk: int) -> HttpResponse:
    """Cancels a stream, after a question: the machine goes on needing the one it was made from."""
    operation = _operation_or_404(request, pk, FILLS_DISKS)
    machine_page = reverse("vms:page", args=[operation.vm_id])
    if request.method == "POST" and (cancel(operation, by=request.user) or _is_stopped(operation)):
        messages.success(request, is_being_stopped(operation))
        return back_to(request, machine_page)
    question = stop_question(operation, next_url=came_from(request, machine_page))
    status = CONFLICT if request.method == "POST" else 200
    return render(request, "vms/confirm.html", {"confirm": question, "vm": operation.vm}, status=status)


def _is_stopped(operation: Operation) -> bool:
    """By a click before this one."""
    return Progress.CANCELLED in (operation.ends_as, operation.progress)


def _operation_or_404(request: PanelRequest, pk: int, actions: AbstractSet[Action]) -> Operation:
    """One of these, which the person may cancel."""
    origin = Prefetch("vm__origin", queryset=Vm.objects.all().given_to(request.user))
    copying = visible_operations(request).filter(action__in=actions).prefetch_related(origin)
    operation = get_object_or_404(copying, pk=pk)
    if not may_cancel(request.user, operation):
        raise PermissionDenied
    return operation


@require_POST
def stream(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """Lets a machine stream again. One that streams already is left alone."""
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    if not may(request.user, Action.STREAM, vm):
        raise PermissionDenied
    against = _against_streaming(vm, request.user)
    if not against:
        request_stream(vm, limit=default_limit(), by=request.user)
        messages.success(request, str(labels.STREAMS_AGAIN) % {"vm": vm.display_name})
        return answer(request, vm, ACCEPTED)
    messages.error(request, against)
    return answer(request, vm, CONFLICT)


def _against_streaming(vm: Vm, viewer: Viewer) -> str:
    """A sentence, "" if nothing stands against it."""
    if not vm.link:
        return str(labels.STANDS_ALONE_ALREADY) % {"vm": vm.display_name}
    if any(operation.action == Action.DELETE for operation in vm.under_way):
        return refusal(vm, ActionRefused(Action.STREAM, Reason.IS_DELETING, None), viewer)
    jobs = [operation for operation in vm.under_way if operation.slot == Slot.JOB]
    others = [job for job in jobs if job.action not in FILLS_DISKS or job.ends_as]
    if not others:
        return ""
    return refusal(vm, ActionRefused(Action.STREAM, Reason.JOB_SLOT_TAKEN, others[0]), viewer)
