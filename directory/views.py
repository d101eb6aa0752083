from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_supported_language_variant
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from directory.checking import check
from directory.forms import CheckForm, LoginForm
from directory.ldap.access import Access
from directory.models import Person
from directory.presenters import CheckView, check_view


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


def _language_of(person: Person) -> str:
    try:
        return get_supported_language_variant(person.language.lower()) if person.language else ""
    except LookupError:
        return ""


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def check_directory(request: HttpRequest) -> HttpResponse:
    """Why somebody can, or cannot, log in. Asks the directory, but only as long as a login may."""
    if not cast(Person, request.user).is_administrator:
        raise PermissionDenied
    form = CheckForm(request.POST or None)
    access: Access | None = settings.DIRECTORY
    asked = access is not None and request.method == "POST" and form.is_valid()
    context = {"form": form, "check": _check(access, form) if asked and access else None, "is_set_up": bool(access)}
    return render(request, "people/check.html", context, status=200 if asked or request.method != "POST" else 422)


def _check(access: Access, form: CheckForm) -> CheckView:
    name, password = form.cleaned_data["name"], form.cleaned_data["password"]
    return check_view(check(access, name, password), password)
