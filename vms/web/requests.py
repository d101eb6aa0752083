"""What the views know about a request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from vms.models.viewer import Viewer

ROWS_AT_ONCE = 100
LONGEST_KEY = 18
"""Digits of a number that every database can hold."""


class PanelRequest(HttpRequest):
    """A request that has passed the login: its user is a person."""

    user: Viewer  # type: ignore[assignment]  # nobody gets here without a login


def wants_a_part(request: HttpRequest) -> bool:
    """Asked by the page's own script, which takes what it needs out of the answer."""
    return request.headers.get("HX-Request") == "true"


def asked_keys(request: HttpRequest) -> list[str]:
    """The ids of the rows that an address or a form names; what no row can have as its id is left out."""
    given = request.POST if request.method == "POST" else request.GET
    asked = given.getlist("id")[:ROWS_AT_ONCE]
    return [key for key in asked if key.isascii() and key.isdigit() and len(key) <= LONGEST_KEY]


def back_to(request: HttpRequest, fallback: str) -> HttpResponse:
    """To where the form was, never to another site."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else fallback)
