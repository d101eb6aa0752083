from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vms.rules.kinds import Kind
from vms.web.presenters.matrix import matrix
from vms.web.presenters.tips import tips
from vms.web.requests import PanelRequest


@require_safe
def show(request: PanelRequest) -> HttpResponse:
    """The table as it stands in the code, for each kind of machine, and in one mode after the other."""
    tables = [matrix(kind, request.GET.get("mode", "")) for kind in Kind]
    return render(request, "states/page.html", {"tables": tables, "tips": tips(None)})
