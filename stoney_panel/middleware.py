"""Where the announcements stand when a page begins to be made, so that its event stream goes on from there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from vms.operations.announcing import newest_announcement

Handler = Callable[[HttpRequest], HttpResponse]


def last_event_id(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and not request.path.startswith(("/static/", "/healthz")):
            request.last_event_id = newest_announcement()  # type: ignore[attr-defined]  # read by the chrome
        return get_response(request)

    return middleware
