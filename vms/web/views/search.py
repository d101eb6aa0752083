"""The search in the top bar: over everything that has a page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from stoney_panel.lists.words import asked_text
from vms.web.presenters.search import exact_hit, search_groups
from vms.web.requests import PanelRequest


@require_safe
def show(request: PanelRequest) -> HttpResponse:
    """What is called exactly so is shown at once, if there is just one."""
    text = asked_text(request.GET)
    hit = exact_hit(text, request.user) if text else ""
    if hit:
        return redirect(hit)
    return render(request, "search/page.html", {"text": text, "groups": search_groups(text, request.user)})
