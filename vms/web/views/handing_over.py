"""The guest of a machine on its way is handed over before all of its memory is."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vms.models import Operation
from vms.operations.migrating import ask_for_post_copy
from vms.operations.permission import may_cancel
from vms.rules.actions import Action
from vms.web.presenters.handing_over import hand_over_question, is_handed_over, too_late
from vms.web.requests import PanelRequest, back_to, came_from
from vms.web.views.operations import visible_operations

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def post_copy(request: PanelRequest, pk: int) -> HttpResponse:
    """GET asks: it cannot be taken back."""
    operation = _migration_or_404(request, pk)
    machine_page = reverse("vms:page", args=[operation.vm_id])
    if request.method == "POST":
        if ask_for_post_copy(operation, by=request.user):
            messages.success(request, is_handed_over(operation))
            return back_to(request, machine_page)
        messages.error(request, too_late(operation))
        operation.refresh_from_db(fields=["measures", "finished_at", "ends_as"])
    question = hand_over_question(operation, next_url=came_from(request, machine_page))
    status = CONFLICT if request.method == "POST" else 200
    return render(request, "vms/confirm.html", {"confirm": question, "vm": operation.vm}, status=status)


def _migration_or_404(request: PanelRequest, pk: int) -> Operation:
    """One that the person may cancel."""
    operation = get_object_or_404(visible_operations(request).filter(action=Action.MIGRATE), pk=pk)
    if not may_cancel(request.user, operation):
        raise PermissionDenied
    return operation
