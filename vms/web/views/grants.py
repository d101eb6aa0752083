"""Users and Groups of a VM: who may use it. Searching and choosing are looked at by GET; POST saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vms.models import Vm
from vms.operations.giving import ACTION_FOR, Owners, Wishes, change_rights
from vms.operations.people import people
from vms.operations.permission import may
from vms.operations.requesting import ActionRefused
from vms.rules.kinds import Kind
from vms.rules.rights import Right
from vms.web.forms.grants import Draft, read_draft
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.grants import grants_view, what_came
from vms.web.presenters.holding import refusal
from vms.web.requests import PanelRequest, back_to, came_from, list_of

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PanelRequest, uuid: UUID, owners: Owners) -> HttpResponse:
    vm = _vm_or_404(request, uuid, owners)
    if request.method != "POST":
        draft = read_draft(request.GET, owners)
        return _show(request, vm, draft.with_picked() if request.GET.get("step") == "give" else draft)
    draft = read_draft(request.POST, owners)
    found, missing = _found_again(draft)
    if missing:
        return _show(request, vm, draft.with_picked(), errors=missing)
    return _save(request, vm, draft, found)


users = partial(change, owners=Owners.PEOPLE)
groups = partial(change, owners=Owners.GROUPS)


def _vm_or_404(request: PanelRequest, uuid: UUID, owners: Owners) -> Vm:
    request.section = list_of(Kind.VM)
    visible = Vm.objects.all().visible_to(request.user).of_kind(Kind.VM)
    vm = get_object_or_404(visible.with_operations_under_way(), pk=uuid)
    if not may(request.user, ACTION_FOR[owners], vm):
        raise PermissionDenied
    return vm


def _found_again(draft: Draft) -> tuple[dict[int, Right], dict[str, str]]:
    """The ids of whoever is to be given a right, and why there is none, by key. Asked before anything is changed: a
    directory may take its time."""
    found: dict[int, Right] = {}
    missing: dict[str, str] = {}
    for new in draft.wanted:
        try:
            found[_REMEMBER[draft.owners](new.whom.key).pk] = new.right
        except LookupError as error:
            missing[new.whom.key] = str(error.args[0])
    return found, missing


_REMEMBER: Mapping[Owners, Callable[[str], Any]] = {
    Owners.PEOPLE: lambda key: people().person_of(key),
    Owners.GROUPS: lambda key: people().group_of(key),
}


def _save(request: PanelRequest, vm: Vm, draft: Draft, found: Mapping[int, Right]) -> HttpResponse:
    try:
        came = change_rights(vm, draft.owners, Wishes(found, draft.changed, draft.taken), by=request.user)
    except ActionRefused as refused:
        return _show(request, vm, draft, against=refusal(vm, refused, request.user))
    for sentence in what_came(vm, came):
        messages.success(request, sentence)
    return back_to(request, reverse("vms:page", args=[vm.pk]))


def _show(
    request: PanelRequest,
    vm: Vm,
    draft: Draft,
    *,
    against: str = "",
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
    """With everything that was typed, ticked and chosen."""
    action, errors = ACTION_FOR[draft.owners], errors or {}
    page_url = reverse("vms:page", args=[vm.pk])
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "vm": vm,
        "view": grants_view(vm, draft, errors),
        "against": against or why_not_now(vm, action, request.user),
        "objections": list(errors.values()),
        "url": reverse(f"vms:{action}", args=[vm.pk]),
        "next": asked.get("next") or came_from(request, page_url),
        "page_url": page_url,
        "crumbs": crumbs_of(vm, request.user),
    }
    return render(request, "vms/grants.html", context, status=CONFLICT if against or errors else 200)
