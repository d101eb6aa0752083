"""Who has tried too often to log in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directory.locking import Lock, limit_of, open_lock, shut_locks, wait
from directory.presenters.locks import lock_views
from directory.views.requests import PersonRequest, for_administrators


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def show(request: PersonRequest) -> HttpResponse:
    """POST unlocks a name, an address, or a name from an address."""
    if request.method == "POST":
        return _unlock(request)
    context = {
        "locks": lock_views(shut_locks()),
        "tries": limit_of(Lock.NAME_FROM_ADDRESS),
        "many": limit_of(Lock.ADDRESS),
        "minutes": round(wait().total_seconds() / 60),
        "tab": "locked",
    }
    return render(request, "people/locked.html", context)


def _unlock(request: PersonRequest) -> HttpResponse:
    name, address = request.POST.get("name", ""), request.POST.get("address", "")
    if not name and not address:
        return redirect("people:locked")
    if open_lock(name, address):
        messages.success(request, _("%(what)s is unlocked.") % {"what": " · ".join(filter(None, (name, address)))})
    else:
        messages.info(request, _("That was not locked any more."))
    return redirect("people:locked")
