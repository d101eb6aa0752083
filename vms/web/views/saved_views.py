"""Saved views: a list's address under a name, each person's own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from stoney_panel.lists.address import Address
from vms.models import SavedView
from vms.web.lists.for_people import title_for
from vms.web.lists.machine_columns import KIND_OF, URL_OF
from vms.web.requests import PanelRequest

MOST_VIEWS = 50
LONGEST_QUERY = 4000


class NameForm(forms.Form):
    name = forms.CharField(max_length=60)


@require_safe
def show(request: PanelRequest, page: str) -> HttpResponse:
    """All of a list, to rename and delete."""
    context = {
        "views": _mine(request, page),
        "page_key": page,
        "list_url": reverse(_list_of(page)),
        "list_title": title_for(request.user, KIND_OF[page]),
    }
    return render(request, "vms/views.html", context)


@require_POST
def save(request: PanelRequest, page: str) -> HttpResponse:
    """A view of the same name is replaced. Afterwards the list is shown as it was saved."""
    start, query = reverse(_list_of(page)), _lasting(request.POST.get("query", ""))
    name = _name(request)
    if name is None:
        return redirect(f"{start}?{query}")
    known = _mine(request, page).filter(name=name)
    if not known.exists() and _mine(request, page).count() >= MOST_VIEWS:
        messages.error(request, _("You have as many views as can be kept. Delete one first."))
        return redirect(f"{start}?{query}")
    SavedView.objects.update_or_create(
        person_id=request.user.pk, page=page, name=name, defaults={"query": query[:LONGEST_QUERY]}
    )
    messages.success(request, _("View %(view)s was saved.") % {"view": name})
    return redirect(f"{start}?{query}")


@require_POST
def rename(request: PanelRequest, page: str, pk: int) -> HttpResponse:
    view = get_object_or_404(_mine(request, page), pk=pk)
    name = _name(request)
    if name and _mine(request, page).filter(name=name).exclude(pk=pk).exists():
        messages.error(request, _("You have a view of the name %(view)s already.") % {"view": name})
    elif name:
        SavedView.objects.filter(pk=view.pk).update(name=name)
        messages.success(request, _("The view is called %(view)s now.") % {"view": name})
    return redirect("vms:views", page)


@require_POST
def delete(request: PanelRequest, page: str, pk: int) -> HttpResponse:
    view = get_object_or_404(_mine(request, page), pk=pk)
    view.delete()
    messages.success(request, _("View %(view)s was deleted.") % {"view": view.name})
    return redirect("vms:views", page)


def _mine(request: PanelRequest, page: str) -> QuerySet[SavedView]:
    _list_of(page)
    return SavedView.objects.filter(person_id=request.user.pk, page=page)


def _list_of(page: str) -> str:
    if page not in URL_OF:
        raise Http404
    return URL_OF[page]


def _name(request: PanelRequest) -> str | None:
    """None if it cannot be taken; the person has been told why."""
    form = NameForm(request.POST)
    if form.is_valid():
        return str(form.cleaned_data["name"])
    messages.error(request, " ".join(map(str, form.errors["name"])))
    return None


def _lasting(query: str) -> str:
    return Address(QueryDict(query)).lasting()
