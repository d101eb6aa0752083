"""The way in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_supported_language_variant

from directory.forms.logging_in import LoginForm
from directory.locking import wait
from directory.models import Person

TOO_MANY_REQUESTS = 429


class LogIn(LoginView):
    """The panel speaks the language that the directory says, until the person chooses another."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        language = _language_of(form.get_user())
        if language and settings.LANGUAGE_COOKIE_NAME not in self.request.COOKIES:
            answer.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                httponly=True,
                samesite="Lax",
                secure=settings.HTTPS,
            )
        return answer


def say_that_it_is_locked(_request: HttpRequest, answer: HttpResponse, _credentials: object) -> HttpResponse:
    """The page with the form, which says so already, as an answer that programs understand as well."""
    answer.status_code = TOO_MANY_REQUESTS
    answer.headers["Retry-After"] = str(round(wait().total_seconds()))
    return answer


def _language_of(person: Person) -> str:
    try:
        return get_supported_language_variant(person.language.lower()) if person.language else ""
    except LookupError:
        return ""
