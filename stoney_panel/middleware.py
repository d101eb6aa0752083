"""What every request gets, or leaves behind, whatever its page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from directory import visits
from stoney_panel.addresses import whereabouts
from vms.operations.announcing import newest_announcement

Handler = Callable[[HttpRequest], HttpResponse]


def last_event_id(get_response: Handler) -> Handler:
    """Where the announcements stand when a page begins to be made, so that its event stream goes on from there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and not request.path.startswith(("/static/", "/healthz")):
            request.last_event_id = newest_announcement()  # type: ignore[attr-defined]  # read by the chrome
        return get_response(request)

    return middleware


def visits_are_seen(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        # What needs no login must not need the database either.
        if request.session.accessed and request.user.is_authenticated and request.session.session_key:
            visits.see(request.user, request.session.session_key, **whereabouts(request))
        return answer

    return middleware
