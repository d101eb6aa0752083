from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from vms.models import Event, Vm
from vms.operations.permission import may_describe
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.notes import NotesForm
from vms.web.presenters.buttons import Buttons, offer
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.machines import machine_row
from vms.web.presenters.refusals import audit_url, with_refusals
from vms.web.presenters.removed import backups_left, how_it_was_deleted
from vms.web.presenters.tags import machine_tags
from vms.web.presenters.taking import warned_of, way_back
from vms.web.presenters.timeline import Timeline, timeline
from vms.web.presenters.tips import tips
from vms.web.requests import PanelRequest, list_of


@require_safe
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = Vm.objects.all().visible_to(request.user).with_operations_under_way().filter(pk=uuid).first()
    if vm is None:
        return redirect("vms:removed", _deleted(request, uuid).pk)
    return page_of(request, vm, NotesForm({"notes": vm.notes}))


@require_safe
def show_removed(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """Where the page of a machine leads that was deleted, also one that was open meanwhile."""
    vm = _deleted(request, uuid)
    request.section = list_of(Kind(vm.kind))
    context = {
        "how": how_it_was_deleted(vm, request.user),
        "backups": backups_left(vm, request.user),
        "way_back": way_back(vm, request.user),
        "timeline": _past(request, vm),
        "audit_url": audit_url(vm, request.user),
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/removed.html", context)


def _deleted(request: PanelRequest, uuid: UUID) -> Vm:
    return get_object_or_404(Vm.objects.all().deleted_visible_to(request.user).select_related("node"), pk=uuid)


def _past(request: PanelRequest, vm: Vm) -> Timeline:
    shown = timeline(Event.objects.filter(vm=vm), request.user, request.GET.get("events", ""))
    return with_refusals(shown, vm, request.user)


def page_of(request: PanelRequest, vm: Vm, notes: NotesForm, *, status: int = 200) -> HttpResponse:
    """vm: from with_operations_under_way()."""
    request.section = list_of(Kind(vm.kind))
    offered = offer(request.user, [vm])
    buttons = Buttons.of(vm, offered.permissions)
    context = {
        "row": machine_row(vm, request.user),
        "warned": warned_of(vm, request.user),
        "run_actions": buttons.bar(offered.run, words=True),
        "other_actions": buttons.bar(offered.other, words=True),
        "timeline": _past(request, vm),
        "audit_url": audit_url(vm, request.user),
        "xml_url": reverse("vms:xml", args=[vm.pk]) if Action.EDIT in offered.permissions.on(vm.pk) else "",
        "tips": tips(Kind(vm.kind)),
        "tags": machine_tags(vm, request.user),
        "notes": notes if may_describe(request.user) else None,
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/page.html", context, status=status)
