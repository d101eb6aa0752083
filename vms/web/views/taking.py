"""Opening a pool: one click to the screen of a VM of one's own, and the page on which one waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from vms.labels import taking as words
from vms.models import Vm, VmPool
from vms.operations.auditing import Refusal
from vms.operations.taking import (
    AllTaken,
    CannotBeKept,
    NoImage,
    NoNode,
    PoolIsOff,
    keep_dynamic,
    open_pool,
    own_vm,
    require_may_open,
)
from vms.rules.kinds import Kind
from vms.rules.taking import Shut
from vms.web.presenters.console import why_nothing_to_see
from vms.web.presenters.taking import waiting_for, why_text
from vms.web.requests import PanelRequest, back_to

SHUT: Mapping[type[Refusal], Shut] = {
    PoolIsOff: Shut.OFF,
    NoImage: Shut.NO_IMAGE,
    AllTaken: Shut.ALL_TAKEN,
    NoNode: Shut.NO_NODE,
}


@require_POST
def open_one(request: PanelRequest, pk: UUID) -> HttpResponse:
    pool = _pool(request, pk)
    try:
        vm = open_pool(pool, by=request.user)
    except tuple(SHUT) as refused:
        count = refused.count if isinstance(refused, AllTaken) else 0
        why = why_text(SHUT[type(refused)], count)
        messages.error(request, str(words.NOT_OPENED) % {"pool": pool.name, "why": why})
        return back_to(request, reverse("vms:pools"))
    return _to_screen(vm, pool)


@require_safe
def show_mine(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Goes on to the screen as soon as there is one."""
    pool = _pool(request, pk)
    require_may_open(request.user, pool)
    vm = own_vm(pool, request.user)
    if vm is not None and why_nothing_to_see(vm) is None:
        return redirect("vms:use", vm.pk)
    return render(request, "pools/mine.html", {"waiting": waiting_for(pool, request), "pool": pool})


@require_POST
def keep(request: PanelRequest, uuid: UUID) -> HttpResponse:
    vm = get_object_or_404(Vm.objects.all().visible_to(request.user).of_kind(Kind.DYNAMIC), pk=uuid)
    name = {"vm": vm.display_name}
    try:
        keep_dynamic(vm, by=request.user)
    except CannotBeKept:
        messages.error(request, str(words.CANNOT_BE_KEPT) % name)
    else:
        messages.success(request, str(words.IS_KEPT) % name)
    return back_to(request, reverse("vms:page", args=[vm.pk]))


def _pool(request: PanelRequest, pk: UUID) -> VmPool:
    return get_object_or_404(VmPool.objects.all().visible_to(request.user).dynamic(), pk=pk)


def _to_screen(vm: Vm, pool: VmPool) -> HttpResponse:
    fresh = Vm.objects.all().with_operations_under_way().get(pk=vm.pk)
    return redirect("vms:use", vm.pk) if why_nothing_to_see(fresh) is None else redirect("vms:my_vm", pool.pk)
