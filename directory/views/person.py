"""One account: what it is, and what an administrator does to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory import changing, labels
from directory.forms.people import EditForm, NewPasswordForm
from directory.locking import locked_names, open_for
from directory.models import Person
from directory.policy import Change, Refused, why_not
from directory.presenters.people import person_view, possible
from directory.presenters.questions import before_deleting
from directory.presenters.visits import visit_views
from directory.views.requests import PersonRequest, for_administrators, session_key
from directory.visits import log_out_everywhere, visits_of


@require_safe
@for_administrators
def show(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.prefetch_related("groups"), pk=pk)
    context = {
        "person": person_view(person, locked_names()),
        "may": possible(person, request.user),
        "visits": visit_views(visits_of(person), session_key(request)),
    }
    return render(request, "people/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    if refusal := why_not(Change.EDIT, person, request.user):
        return _refuse(request, person, Refused(refusal))
    now = {"full_name": person.full_name, "email": person.email, "role": person.role}
    form = EditForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            changing.edit(pk, form.about(), by=request.user)
        except Refused as refused:
            form.add_error("role", str(labels.REFUSAL[refused.refusal]))
        else:
            messages.success(request, _("The account %(name)s was changed.") % {"name": person.username})
            return redirect("people:person", pk)
    return _show_form(request, "people/edit.html", person, form)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def set_password(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    if person == request.user:
        return redirect("account:password")
    if refusal := why_not(Change.SET_PASSWORD, person, request.user):
        return _refuse(request, person, Refused(refusal))
    form = NewPasswordForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        changing.set_password(pk, form.cleaned_data["password"], by=request.user)
        messages.success(request, _("%(name)s has a new password and was logged out.") % {"name": person.username})
        return redirect("people:person", pk)
    return _show_form(request, "people/password.html", person, form)


@require_POST
@for_administrators
def block(request: PersonRequest, pk: int) -> HttpResponse:
    return _change(request, pk, changing.block, _("%(name)s is blocked and was logged out."))


@require_POST
@for_administrators
def let_in(request: PersonRequest, pk: int) -> HttpResponse:
    return _change(request, pk, changing.let_in, _("%(name)s may log in again."))


@require_POST
@for_administrators
def unlock(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    open_for(person.username)
    messages.success(request, _("%(name)s may try to log in again.") % {"name": person.username})
    return redirect("people:person", pk)


@require_POST
@for_administrators
def log_out(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    messages.success(request, labels.logged_out_of(log_out_everywhere(person, but=session_key(request))))
    return redirect("people:person", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def delete(request: PersonRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    if request.method != "POST":
        context = {"confirm": before_deleting(person, request.user), "name": str(person)}
        return render(request, "people/confirm.html", context)
    return _change(request, pk, changing.delete, _("The account %(name)s was deleted."), then="people:list")


def _change(request: PersonRequest, pk: int, change: Callable[..., None], done: str, *, then: str = "") -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    try:
        change(pk, by=request.user)
    except Refused as refused:
        return _refuse(request, person, refused)
    messages.success(request, done % {"name": person.username})
    return redirect(then) if then else redirect("people:person", pk)


def _refuse(request: PersonRequest, person: Person, refused: Refused) -> HttpResponse:
    messages.error(request, str(labels.REFUSAL[refused.refusal]))
    return redirect("people:person", person.pk)


def _show_form(request: PersonRequest, template: str, person: Person, form: EditForm | NewPasswordForm) -> HttpResponse:
    context = {"form": form, "person": person_view(person, set())}
    return render(request, template, context, status=422 if request.method == "POST" else 200)
