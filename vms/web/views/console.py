"""Use: the page with a machine's screen and serial console, and the tickets that its script asks for."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from vms.models import Vm
from vms.operations import auditing, tickets
from vms.operations.permission import may
from vms.operations.tickets import NoTicketsNow, Visit, hash_of
from vms.rules.actions import Action
from vms.rules.audit import Outcome
from vms.rules.consoles import Ending, Way
from vms.rules.kinds import Kind
from vms.rules.reasons import Reason
from vms.web.presenters.console import console_page, why_nothing_to_see
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.taking import warned_of
from vms.web.presenters.tips import tips
from vms.web.requests import PanelRequest, list_of

CREATED, BAD_REQUEST, CONFLICT, UNAVAILABLE = 201, 400, 409, 503


@require_safe
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """That of a machine that was deleted leads to what is left of it, also one that was open meanwhile."""
    if Vm.objects.all().deleted_visible_to(request.user).filter(pk=uuid).exists():
        return redirect("vms:removed", uuid)
    vm = _machine(request, uuid)
    request.section = list_of(Kind(vm.kind))
    context = {
        "console": console_page(vm, request.user, trouble=request.GET.get("viewer", "")),
        "warned": warned_of(vm, request.user),
        "tips": tips(Kind(vm.kind)),
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/console.html", context)


@require_POST
def give_ticket(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """For one visit, by the browser and the login that ask. The answer is for no cache and no log: a secret."""
    vm = _machine(request, uuid)
    asked = request.POST.get("way", "")
    if asked not in set(Way):
        return JsonResponse({"ending": Ending.FAILED}, status=BAD_REQUEST)
    reason = why_nothing_to_see(vm)
    if reason is not None:
        _note(request, vm, Outcome.REFUSED, reason=reason)
        return JsonResponse({"ending": Ending.NOT_NOW}, status=CONFLICT)
    return _ticket(request, vm, Way(asked))


def _ticket(request: PanelRequest, vm: Vm, way: Way) -> HttpResponse:
    take_over = request.POST.get("take_over") == "yes"
    login = hash_of(request.session.session_key or "")
    try:
        ticket = tickets.issue(Visit(str(request.user.pk), str(vm.pk), way, login, take_over))
    except NoTicketsNow:
        _note(request, vm, Outcome.FAILED, reason=Ending.CANNOT_CHECK)
        return JsonResponse({"ending": Ending.CANNOT_CHECK}, status=UNAVAILABLE)
    _note(request, vm, Outcome.ACCEPTED, values={"way": way})
    answer = JsonResponse({"ticket": ticket, "path": f"/live/console/{vm.pk}/{way}"}, status=CREATED)
    answer["Cache-Control"] = "no-store"
    return answer


def _machine(request: PanelRequest, uuid: UUID) -> Vm:
    """404 for those that this person may not see, 403 for those that may be seen, but not used."""
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    if not may(request.user, Action.USE, vm):
        _note(request, vm, Outcome.REFUSED, reason=Reason.NOT_PERMITTED)
        raise PermissionDenied
    return vm


def _note(request: PanelRequest, vm: Vm, outcome: Outcome, **more: object) -> None:
    auditing.write(Action.USE, auditing.about_vm(vm), outcome, by=request.user, **more)  # type: ignore[arg-type]  # auditing.More says which
