from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from directory.checking import check
from directory.forms.logging_in import CheckForm
from directory.ldap.access import Access
from directory.presenters.checking import CheckView, check_view
from directory.views.requests import PersonRequest, for_administrators


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def check_directory(request: PersonRequest) -> HttpResponse:
    """Why somebody can, or cannot, log in. Asks the directory, but only as long as a login may."""
    form = CheckForm(request.POST or None)
    access: Access | None = settings.DIRECTORY
    asked = access is not None and request.method == "POST" and form.is_valid()
    context = {
        "form": form,
        "check": _check(access, form) if asked and access else None,
        "is_set_up": bool(access),
        "tab": "check_directory",
    }
    return render(request, "people/check.html", context, status=200 if asked or request.method != "POST" else 422)


def _check(access: Access, form: CheckForm) -> CheckView:
    name, password = form.cleaned_data["name"], form.cleaned_data["password"]
    return check_view(check(access, name, password), password)
