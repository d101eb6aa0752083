"""Chosen columns: which of a list a person wants to see."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from vms.models import ChosenColumns
from vms.web.lists.machine_columns import KIND_OF, URL_OF, known_columns
from vms.web.requests import PanelRequest, back_to


@require_POST
def choose(request: PanelRequest, page: str) -> HttpResponse:
    """The ticked ones, or with "usual" those that everybody starts with."""
    if page not in URL_OF:
        raise Http404
    mine = {"person_id": request.user.pk, "page": page}
    if request.POST.get("usual"):
        ChosenColumns.objects.filter(**mine).delete()
    else:
        chosen = list(known_columns(request.POST.getlist("column"), KIND_OF[page], request.user))
        ChosenColumns.objects.update_or_create(**mine, defaults={"columns": chosen})
    return back_to(request, reverse(URL_OF[page]))
