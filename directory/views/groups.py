"""The panel's own groups, and those that came from the directory."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.forms.groups import GroupForm, MemberForm
from directory.models import Person
from directory.presenters.groups import group_view, group_views, member_views
from directory.presenters.questions import before_deleting_group
from directory.views.requests import PersonRequest, for_administrators
from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size

KNOWN_AT_ONCE = 200
"""So many names are offered while one is typed; any other can be typed all the same."""

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Group"), "name"),
        "source": ColumnKind(gettext_lazy("Comes from")),
        "members": ColumnKind(gettext_lazy("Members"), "members", css="num"),
    },
    search=("name", "from_directory__dn"),
    default="name",
)
MEMBERS = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("User name"), "username"),
        "full_name": ColumnKind(gettext_lazy("Full name"), "full_name"),
    },
    search=("username", "full_name"),
    default="name",
)


@require_safe
@for_administrators
def show_list(request: PersonRequest) -> HttpResponse:
    groups = Group.objects.select_related("from_directory").annotate(members=Count("user"))
    page = ListPage(request, LIST, groups)
    context = {"list": page, "rows": group_views(page.rows), "columns": page.columns(), "tab": "groups"}
    return remember_size(request, render(request, "people/groups.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def add(request: PersonRequest) -> HttpResponse:
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (group := form.save()):
        messages.success(request, _("The group %(name)s was made.") % {"name": group.name})
        return redirect("people:group", group.pk)
    return render(request, "people/new_group.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """POST adds somebody."""
    if request.method != "POST":
        return _show(request, get_object_or_404(Group, pk=pk), MemberForm())
    group, form = _local_group(pk), MemberForm(request.POST)
    if not form.is_valid():
        return _show(request, group, form, status=422)
    person = form.cleaned_data["username"]
    person.groups.add(group)
    messages.success(request, _("%(name)s is in the group now.") % {"name": person})
    return redirect("people:group", pk)


@require_POST
@for_administrators
def remove_member(request: PersonRequest, pk: int, person_pk: int) -> HttpResponse:
    group, person = _local_group(pk), get_object_or_404(Person, pk=person_pk)
    person.groups.remove(group)
    messages.success(request, _("%(name)s is not in the group any more.") % {"name": person})
    return redirect("people:group", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def rename(request: PersonRequest, pk: int) -> HttpResponse:
    group = _local_group(pk)
    form = GroupForm(request.POST or None, group=group)
    if request.method == "POST" and form.is_valid() and form.save():
        messages.success(request, _("The group is called %(name)s now.") % {"name": group.name})
        return redirect("people:group", pk)
    context = {"form": form, "group": group_view(_local_group(pk), members=0)}
    return render(request, "people/rename_group.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def delete(request: PersonRequest, pk: int) -> HttpResponse:
    group = _local_group(pk)
    if request.method != "POST":
        return render(request, "people/confirm.html", {"confirm": before_deleting_group(group), "name": group.name})
    group.delete()
    messages.success(request, _("The group %(name)s was deleted.") % {"name": group.name})
    return redirect("people:groups")


def _show(request: PersonRequest, group: Group, form: MemberForm, *, status: int = 200) -> HttpResponse:
    page = ListPage(request, MEMBERS, Person.objects.filter(groups=group))
    context = {
        "group": group_view(group, members=page.total),
        "form": form,
        "list": page,
        "members": member_views(page.rows),
        "known": Person.objects.exclude(groups=group).order_by("username")[:KNOWN_AT_ONCE],
    }
    return render(request, "people/group.html", context, status=status)


def _local_group(pk: int) -> Group:
    """Groups of the directory are changed there."""
    return get_object_or_404(Group, pk=pk, from_directory=None)
