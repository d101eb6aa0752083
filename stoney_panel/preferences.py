"""What a browser prefers: language and theme, kept in cookies so that they also hold before the login."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from vms.web.requests import back_to

THEME_COOKIE = "panel-theme"
THEMES = frozenset({"light", "dark"})
ONE_YEAR = 365 * 24 * 60 * 60


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    language = request.POST.get("language", "")
    known = language in dict(settings.LANGUAGES) and check_for_language(language)
    return _remember(request, settings.LANGUAGE_COOKIE_NAME, language if known else "")


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """light, dark, or anything else for what the system says."""
    theme = request.POST.get("theme", "")
    return _remember(request, THEME_COOKIE, theme if theme in THEMES else "")


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


def _remember(request: HttpRequest, cookie: str, value: str) -> HttpResponse:
    answer = back_to(request, "/")
    if value:
        answer.set_cookie(cookie, value, max_age=ONE_YEAR, httponly=True, samesite="Lax", secure=settings.HTTPS)
    else:
        answer.delete_cookie(cookie, samesite="Lax")
    return answer
