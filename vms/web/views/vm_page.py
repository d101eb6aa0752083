from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from vms.models import Vm
from vms.rules.kinds import Kind
from vms.web.presenters.buttons import OTHER_ACTIONS, RUN_ACTIONS, action_bar, offered
from vms.web.presenters.machines import machine_row, timeline
from vms.web.requests import PanelRequest


@require_safe
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    visible = Vm.objects.all().visible_to(request.user).with_operations_under_way()
    vm = get_object_or_404(visible, pk=uuid)
    context = {
        "actions": action_bar(vm, offered((*RUN_ACTIONS, *OTHER_ACTIONS), request.user), words=True),
        "row": machine_row(vm, request.user, number=None, opened=True),
        "timeline": timeline(vm),
        "is_template": vm.kind == Kind.TEMPLATE,
        "list_url": reverse("vms:templates" if vm.kind == Kind.TEMPLATE else "vms:list"),
    }
    return render(request, "vms/page.html", context)
