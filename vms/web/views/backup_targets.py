"""The folders for backups: all that there are, one of them, and how they come and go."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import BackupTarget
from vms.operations.permission import may_manage_nodes, sees_nodes
from vms.operations.targets import (
    FolderTaken,
    NoSuchFolder,
    TargetNameTaken,
    TargetNeeded,
    add_target,
    change_target,
    remove_target,
)
from vms.rules.reasons import Reason
from vms.web.forms.backup_target import TargetForm
from vms.web.presenters.backup_targets import removal_question, target_view, target_views
from vms.web.requests import PanelRequest, wants_a_part

INVALID = 422
REFUSALS = (TargetNameTaken, FolderTaken, NoSuchFolder, TargetNeeded)

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Name"), Lower("name")),
        "folder": ColumnKind(pgettext_lazy("column: where backups lie", "Folder"), "folder"),
        "room": ColumnKind(pgettext_lazy("column: how full a folder is", "Use")),
        "backups": ColumnKind(pgettext_lazy("column: how many there are", "Backups")),
        "newest": ColumnKind(pgettext_lazy("column: when it was made", "Newest backup")),
        "limit": ColumnKind(pgettext_lazy("column: of copying", "Speed, at most"), "limit"),
    },
    search=("name", "folder"),
    default="name",
)


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    _require_sees_nodes(request)
    page = ListPage(request, LIST, BackupTarget.objects.all())
    context = {
        "list": page,
        "columns": page.columns(),
        "rows": target_views(page.rows),
        "may_manage": may_manage_nodes(request.user),
    }
    return remember_size(request, render(request, "backups/targets.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PanelRequest) -> HttpResponse:
    _require_may_manage(request)
    form = TargetForm(None, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            target = add_target(form.order, by=request.user)
        except REFUSALS as refused:
            form.say(refused)
        else:
            messages.success(request, str(labels.TARGET_ADDED) % {"target": target.name})
            return redirect("backups:target", target.pk)
    return render(request, "backups/target_add.html", {"form": form}, status=_status(request))


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: PanelRequest, pk: int) -> HttpResponse:
    """POST changes it. One that was removed leads back to the list, also from its page that was open meanwhile."""
    _require_sees_nodes(request)
    target = BackupTarget.objects.filter(pk=pk).first()
    if target is None:
        return _was_removed(request)
    if request.method == "POST":
        return _change(request, target)
    return _page_of(request, target, TargetForm(target))


def _was_removed(request: PanelRequest) -> HttpResponse:
    if not wants_a_part(request):
        messages.info(request, str(labels.REASON[Reason.TARGET_GONE]))
    return redirect("backups:targets")


def _change(request: PanelRequest, target: BackupTarget) -> HttpResponse:
    _require_may_manage(request)
    form = TargetForm(target, request.POST)
    if form.is_valid():
        try:
            changed = change_target(target, form.order, by=request.user)
        except REFUSALS as refused:
            form.say(refused)
        else:
            messages.success(request, str(labels.TARGET_CHANGED) % {"target": changed.name})
            return redirect("backups:target", target.pk)
    return _page_of(request, target, form)


def _page_of(request: PanelRequest, target: BackupTarget, form: TargetForm) -> HttpResponse:
    context = {"target": target_view(target), "form": form, "may_manage": may_manage_nodes(request.user)}
    return render(request, "backups/target.html", context, status=_status(request))


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PanelRequest, pk: int) -> HttpResponse:
    _require_may_manage(request)
    target = get_object_or_404(BackupTarget, pk=pk)
    if request.method != "POST":
        view = target_view(target)
        return render(request, "backups/target_remove.html", {"target": view, "confirm": removal_question(view)})
    try:
        remove_target(target, by=request.user)
    except TargetNeeded as needed:
        messages.error(request, labels.target_is_needed(needed.backups, needed.schedules))
        return redirect("backups:target", pk)
    messages.success(request, str(labels.TARGET_REMOVED) % {"target": target.name})
    return redirect("backups:targets")


def _status(request: PanelRequest) -> int:
    """Of a page with a form: one that was sent comes back only if something is wrong with it."""
    return INVALID if request.method == "POST" else 200


def _require_sees_nodes(request: PanelRequest) -> None:
    if not sees_nodes(request.user):
        raise PermissionDenied


def _require_may_manage(request: PanelRequest) -> None:
    if not may_manage_nodes(request.user):
        raise PermissionDenied
