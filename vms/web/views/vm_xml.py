"""What a node has written down of a machine, as it was last read: to be read and kept, never written back."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from vms.models import Vm
from vms.operations.permission import may
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.presenters.changes import waiting_lines
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.definitions import NamedXml, versions_of
from vms.web.requests import PanelRequest, list_of


@require_safe
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """?download=saved or live: as a file."""
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).select_related("definition"), pk=uuid)
    if not may(request.user, Action.EDIT, vm):
        raise PermissionDenied
    versions = versions_of(vm)
    if "download" in request.GET:
        return _file(vm, versions, request.GET["download"])
    request.section = list_of(Kind(vm.kind))
    context = {
        "vm": vm,
        "versions": versions,
        "waiting": waiting_lines(vm, request.user),
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/xml.html", context)


def _file(vm: Vm, versions: list[NamedXml], asked: str) -> HttpResponse:
    found = next((version for version in versions if version.key == asked), None)
    if found is None:
        raise Http404
    answer = HttpResponse(found.xml, content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{vm.display_name}.xml")
    return answer
