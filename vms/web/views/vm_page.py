from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from vms.models import Event, Vm
from vms.operations.permission import may_describe
from vms.rules.kinds import Kind
from vms.web.forms.notes import NotesForm
from vms.web.presenters.buttons import OTHER_ACTIONS, RUN_ACTIONS, action_bar, offered
from vms.web.presenters.machines import machine_row
from vms.web.presenters.tags import machine_tags
from vms.web.presenters.timeline import timeline
from vms.web.requests import PanelRequest


@require_safe
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible, pk=uuid)
    return page_of(request, vm, NotesForm({"notes": vm.notes}))


def page_of(request: PanelRequest, vm: Vm, notes: NotesForm, *, status: int = 200) -> HttpResponse:
    """vm: from with_operations_under_way()."""
    context = {
        "row": machine_row(vm, request.user, number=None, opened=True),
        "run_actions": action_bar(vm, offered(RUN_ACTIONS, request.user), words=True),
        "other_actions": action_bar(vm, offered(OTHER_ACTIONS, request.user), words=True),
        "timeline": timeline(Event.objects.filter(vm=vm), request.GET.get("events", "")),
        "tags": machine_tags(vm, request.user),
        "notes": notes if may_describe(request.user) else None,
        "is_template": vm.kind == Kind.TEMPLATE,
        "list_url": reverse("vms:templates" if vm.kind == Kind.TEMPLATE else "vms:list"),
    }
    return render(request, "vms/page.html", context, status=status)
