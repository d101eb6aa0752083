"""What somebody may do with a machine. Whoever may give rights chooses a person; others see it of themselves."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Vm
from vms.operations.people import people
from vms.operations.permission import may, require_may
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.grants import search_text
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.effective_rights import Account, rights_view, search_people
from vms.web.requests import LONGEST_KEY, PanelRequest, list_of

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: PanelRequest, uuid: UUID) -> HttpResponse:
    """POST chooses somebody who was found: one who has never logged in is remembered by that."""
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).with_operations_under_way(), pk=uuid)
    request.section = list_of(Kind(vm.kind))
    if request.method != "POST":
        return _page(request, vm)
    require_may(request.user, Action.USERS, vm)
    try:
        person = people().person_of(request.POST.get("person", ""))
    except LookupError as error:
        messages.error(request, str(error.args[0]))
        return _page(request, vm, status=CONFLICT)
    return redirect(f"{reverse('vms:rights', args=[vm.pk])}?person={person.pk}")


def _page(request: PanelRequest, vm: Vm, *, status: int = 200) -> HttpResponse:
    chooses = may(request.user, Action.USERS, vm)
    person = _person(request, chooses=chooses)
    is_mine = person.pk == request.user.pk
    words = labels.RIGHTS_OF_MINE if is_mine else labels.RIGHTS_OF
    context = {
        "vm": vm,
        "title": str(words) % {"vm": vm.display_name, "person": person},
        "rights": rights_view(vm, person, request.user),
        "is_mine": is_mine,
        "person_key": str(person.pk),  # no number for people
        "search": search_people(search_text(request.GET)) if chooses else None,
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/rights.html", context, status=status)


def _person(request: PanelRequest, *, chooses: bool) -> Account:
    asked = request.GET.get("person") or str(request.user.pk)
    if asked != str(request.user.pk) and not chooses:
        raise PermissionDenied
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_KEY):
        raise Http404
    return get_object_or_404(get_user_model(), pk=asked)
