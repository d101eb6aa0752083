from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vms.models import Vm
from vms.operations.describing import write_notes
from vms.web.forms.notes import NotesForm
from vms.web.requests import PanelRequest
from vms.web.views.vm_page import page_of

INVALID = 422


@require_POST
def save(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    form = NotesForm(request.POST)
    if not form.is_valid():
        return page_of(request, vm, form, status=INVALID)
    write_notes(vm, form.cleaned_data["notes"], by=request.user)
    messages.success(request, _("The notes were saved."))
    return redirect("vms:page", vm.pk)
