"""Users and Groups of a VM or of a pool: who may use it. Searching and choosing are looked at by GET; POST saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from vms.models import Vm, VmPool
from vms.operations.giving import Owners, Wishes, change_rights, may_give
from vms.operations.people import people
from vms.operations.requesting import ActionRefused
from vms.rules.kinds import Kind
from vms.rules.rights import Right
from vms.web.forms.grants import Draft, read_draft
from vms.web.presenters.grants import grants_view, what_came
from vms.web.presenters.rights_of import RightsOf, rights_of_pool, rights_of_vm
from vms.web.requests import PanelRequest, back_to, came_from, list_of

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PanelRequest, uuid: UUID, owners: Owners) -> HttpResponse:
    request.section = list_of(Kind.VM)
    visible = Vm.objects.all().visible_to(request.user).of_kind(Kind.VM).with_operations_under_way()
    vm = get_object_or_404(visible.select_related("node", "pool"), pk=uuid)
    return _change(request, rights_of_vm(vm, request.user), owners)


@require_http_methods(["GET", "HEAD", "POST"])
def change_on_pool(request: PanelRequest, pk: UUID, owners: Owners) -> HttpResponse:
    pool = get_object_or_404(VmPool.objects.all().visible_to(request.user), pk=pk)
    return _change(request, rights_of_pool(pool), owners)


users = partial(change, owners=Owners.PEOPLE)
groups = partial(change, owners=Owners.GROUPS)
pool_users = partial(change_on_pool, owners=Owners.PEOPLE)
pool_groups = partial(change_on_pool, owners=Owners.GROUPS)


def _change(request: PanelRequest, of: RightsOf, owners: Owners) -> HttpResponse:
    if not may_give(request.user, owners, of.thing):
        raise PermissionDenied
    if request.method != "POST":
        draft = read_draft(request.GET, owners)
        return _show(request, of, draft.with_picked() if request.GET.get("step") == "give" else draft)
    draft = read_draft(request.POST, owners)
    found, missing = _found_again(draft)
    if missing:
        return _show(request, of, draft.with_picked(), errors=missing)
    return _save(request, of, draft, found)


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


def _save(request: PanelRequest, of: RightsOf, draft: Draft, found: Mapping[int, Right]) -> HttpResponse:
    try:
        came = change_rights(of.thing, draft.owners, Wishes(found, draft.changed, draft.taken), by=request.user)
    except ActionRefused as refused:
        return _show(request, of, draft, against=of.why_refused(refused, request.user))
    except VmPool.DoesNotExist:
        raise Http404 from None
    for sentence in what_came(of, came):
        messages.success(request, sentence)
    return back_to(request, of.page_url)


def _show(
    request: PanelRequest,
    of: RightsOf,
    draft: Draft,
    *,
    against: str = "",
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
    """With everything that was typed, ticked and chosen."""
    errors = errors or {}
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "name": of.name,
        "view": grants_view(of, draft, errors),
        "against": against or of.why_not_now(draft.owners, request.user),
        "objections": list(errors.values()),
        "url": of.url(draft.owners),
        "next": asked.get("next") or came_from(request, of.page_url),
        "page_url": of.page_url,
        "crumbs": of.crumbs,
    }
    return render(request, "vms/grants.html", context, status=CONFLICT if against or errors else 200)
