"""What the views know about a request."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from vms.models.viewer import Viewer
from vms.rules.kinds import Kind

ROWS_AT_ONCE = 100
LONGEST_KEY = 18
"""Digits of a number that every database can hold."""


class PanelRequest(HttpRequest):
    """A request that has passed the login: its user is a person. section: the entry of the navigation to which its page
    belongs, where the address does not tell."""

    user: Viewer  # type: ignore[assignment]  # nobody gets here without a login
    section: str


def list_of(kind: Kind) -> str:
    """The name of the address where machines of this kind are listed."""
    return _LIST_OF[kind]


_LIST_OF: Mapping[Kind, str] = {
    Kind.VM: "vms:list",
    Kind.DYNAMIC: "vms:dynamic",
    Kind.TEMPLATE: "vms:templates",
    Kind.GOLDEN_IMAGE: "vms:pools",
}
"""Golden images are listed by their pools."""


def wants_a_part(request: HttpRequest) -> bool:
    """Asked by the page's own script, which takes what it needs out of the answer."""
    return request.headers.get("HX-Request") == "true"


def asked_keys(request: HttpRequest) -> list[str]:
    """The ids of the rows that an address or a form names; what no row can have as its id is left out."""
    given = request.POST if request.method == "POST" else request.GET
    asked = given.getlist("id")[:ROWS_AT_ONCE]
    return [key for key in asked if key.isascii() and key.isdigit() and len(key) <= LONGEST_KEY]


def submission_key(request: HttpRequest) -> UUID | None:
    """The same for every submission of the same page; None if the page had none."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None


def back_to(request: HttpRequest, fallback: str) -> HttpResponse:
    """To where the form was, never to another site."""
    target = request.POST.get("next", "")
    return HttpResponseRedirect(target if _is_ours(request, target) else fallback)


def came_from(request: HttpRequest, fallback: str) -> str:
    """The page of this panel that led here, as far as the browser says so."""
    page = request.headers.get("Referer", "")
    return page if _is_ours(request, page) else fallback


def _is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
