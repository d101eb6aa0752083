"""All accounts, and a new one."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from directory.forms.people import NewPersonForm
from directory.locking import locked_names
from directory.models import Person
from directory.presenters.people import person_views
from directory.roles import Role
from directory.views.requests import PersonRequest, for_administrators
from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("User name"), "username"),
        "full_name": ColumnKind(gettext_lazy("Full name"), "full_name"),
        "source": ColumnKind(gettext_lazy("Comes from")),
        "role": ColumnKind(gettext_lazy("Role"), "role"),
        "groups": ColumnKind(gettext_lazy("Groups")),
        "login": ColumnKind(gettext_lazy("Last login"), F("last_login")),
        "state": ColumnKind(gettext_lazy("State"), "is_active"),
    },
    search=("username", "full_name", "email"),
    default="name",
)


@require_safe
@for_administrators
def show_list(request: PersonRequest) -> HttpResponse:
    page = ListPage(request, LIST, Person.objects.prefetch_related("groups"))
    context = {"list": page, "rows": person_views(page.rows, locked_names()), "columns": page.columns(), "tab": "list"}
    return remember_size(request, render(request, "people/list.html", context))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def add(request: PersonRequest) -> HttpResponse:
    form = NewPersonForm(request.POST or None, initial={"role": Role.USER.value})
    if request.method == "POST" and form.is_valid() and (person := form.save()):
        messages.success(request, _("The account %(name)s was made.") % {"name": person.username})
        return redirect("people:person", person.pk)
    return render(request, "people/new.html", {"form": form}, status=422 if request.method == "POST" else 200)
