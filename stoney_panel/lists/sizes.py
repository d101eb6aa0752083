"""How many rows a page has: as the address says, else as this browser last chose."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SIZES = (25, 50, 100)
USUAL = 50
COOKIE = "panel-rows"
ONE_YEAR = 365 * 24 * 60 * 60


def rows_per_page(request: HttpRequest) -> int:
    return _size(request.GET.get("per", "")) or _size(request.COOKIES.get(COOKIE, "")) or USUAL


def remember_size(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Keep what the address chose for the lists that are opened without a choice."""
    chosen = _size(request.GET.get("per", ""))
    if chosen and request.COOKIES.get(COOKIE) != str(chosen):
        answer.set_cookie(COOKIE, str(chosen), max_age=ONE_YEAR, httponly=True, samesite="Lax", secure=settings.HTTPS)
    return answer


def _size(text: str) -> int | None:
    return next((size for size in SIZES if str(size) == text), None)
