"""Toggle: from CD-ROM to disk and back. The address says which of them, so that pressing twice changes nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from vms import labels
from vms.hypervisor.machine_xml import BootDevice
from vms.hypervisor.machine_xml.booting import DRIVES
from vms.models import Vm
from vms.operations.permission import may
from vms.operations.requesting import ActionRefused, Order, request_action
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.problems import Problem
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.holding import refusal
from vms.web.requests import PanelRequest, list_of, submission_key
from vms.web.views.vm_action import ACCEPTED, CONFLICT, answer


@require_POST
def boot_from(request: PanelRequest, uuid: UUID, device: BootDevice) -> HttpResponse:
    template = _template(request, uuid)
    if not (_has_drive(template, device) or why_not_now(template, Action.TOGGLE, request.user)):
        messages.error(request, str(labels.PROBLEM[Problem.NO_SUCH_DRIVE]) % {"vm": template.display_name})
        return answer(request, template, CONFLICT)
    order = Order(Action.TOGGLE, {"device": device}, submission_key(request))
    try:
        request_action(template, order, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(template, refused, request.user))
        return answer(request, template, CONFLICT)
    messages.success(request, str(labels.WILL_BOOT_FROM[device]) % {"vm": template.display_name})
    return answer(request, template, ACCEPTED)


def _template(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).of_kind(Kind.TEMPLATE)
    template = get_object_or_404(visible.with_operations_under_way(), pk=uuid)
    if not may(request.user, Action.TOGGLE, template):
        raise PermissionDenied
    request.section = list_of(Kind.TEMPLATE)
    return template


def _has_drive(template: Vm, device: BootDevice) -> bool:
    return template.disks.filter(device__in=DRIVES[device]).exists()
