"""Everybody's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory import labels, visits
from directory.forms.logging_in import OwnPasswordForm
from directory.models import Visit
from directory.presenters.people import person_view
from directory.presenters.visits import visit_views
from directory.views.requests import PersonRequest, session_key


@require_safe
def show(request: PersonRequest) -> HttpResponse:
    own = visit_views(visits.visits_of(request.user), session_key(request))
    context = {
        "person": person_view(request.user, set()),
        "visits": own,
        "has_others": any(not visit.is_this_one for visit in own),
    }
    return render(request, "account/show.html", context)


@require_POST
def end_visit(request: PersonRequest, pk: int) -> HttpResponse:
    visit = get_object_or_404(visits.visits_of(request.user), pk=pk)
    if visit.session_key == session_key(request):
        raise PermissionDenied  # that is what logging out is for
    visits.log_out(Visit.objects.filter(pk=pk))
    messages.success(request, labels.logged_out_of(1))
    return redirect("account:show")


@require_POST
def end_other_visits(request: PersonRequest) -> HttpResponse:
    count = visits.log_out_everywhere(request.user, but=session_key(request))
    messages.success(request, labels.logged_out_of(count))
    return redirect("account:show")


@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: PersonRequest) -> HttpResponse:
    """Everybody who had the old one is logged out, except here."""
    if not request.user.is_local:
        raise PermissionDenied
    form = OwnPasswordForm(request, request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _keep_this_visit(request, form)
        messages.success(request, _("Your password was changed. You were logged out everywhere else."))
        return redirect("account:show")
    return render(request, "account/password.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _keep_this_visit(request: PersonRequest, form: OwnPasswordForm) -> None:
    before = session_key(request)
    form.save()
    update_session_auth_hash(request, request.user)
    visits.move(before, session_key(request))
    visits.log_out_everywhere(request.user, but=session_key(request))
