"""Who asks for a page about people."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from directory.models import Person

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """A request that has passed the login. section: as in PanelRequest of the machines."""

    user: Person
    section: str


def session_key(request: HttpRequest) -> str:
    """Of the reader's own session."""
    return request.session.session_key or ""


View = Callable[Concatenate[PersonRequest, P], HttpResponse]


def for_administrators(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(request: PersonRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_administrator:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
