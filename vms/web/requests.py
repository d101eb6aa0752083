"""What the views know about a request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from vms.models.viewer import Viewer

LONGEST_NUMBER = 19


class PanelRequest(HttpRequest):
    """A request that has passed the login: its user is a person."""

    user: Viewer  # type: ignore[assignment]  # nobody gets here without a login


def wants_a_part(request: HttpRequest) -> bool:
    """Asked by the page's own script, which takes what it needs out of the answer."""
    return request.headers.get("HX-Request") == "true"


def back_to(request: HttpRequest, fallback: str) -> HttpResponse:
    """To where the form was, never to another site."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else fallback)


def asked_numbers(request: HttpRequest, *, most: int) -> list[int]:
    """The ids in an address or a form, as far as they can be ids at all."""
    given = request.POST if request.method == "POST" else request.GET
    return [int(pk) for pk in given.getlist("id")[:most] if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_NUMBER]
