from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vms import labels
from vms.rules.kinds import Kind, Mode
from vms.web.presenters.facets import Facet
from vms.web.presenters.matrix import matrix
from vms.web.presenters.tips import tips
from vms.web.requests import PanelRequest


@require_safe
def show(request: PanelRequest) -> HttpResponse:
    """The table as it stands in the code, for VMs and for templates in one mode after the other."""
    mode = _asked_mode(request)
    context = {
        "vms": matrix(Kind.VM, None),
        "templates": matrix(Kind.TEMPLATE, mode),
        "tips": tips(None),
        "modes": [Facet(str(labels.MODE[each]), None, f"?mode={each}#templates", each is mode) for each in Mode],
    }
    return render(request, "states/page.html", context)


def _asked_mode(request: PanelRequest) -> Mode:
    asked = request.GET.get("mode", "")
    return Mode(asked) if asked in set(Mode) else Mode.READY_FOR_USE
