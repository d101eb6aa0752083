"""Backups: all that there are, one of them, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stoney_panel.lists import ListKind, ListPage
from stoney_panel.lists.page import asked_sort, order_of
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import Backup, BackupTarget, Vm
from vms.models.backup import BackupQuerySet
from vms.models.viewer import Viewer
from vms.operations.backing_up import (
    ActionRefused,
    request_check,
    request_deletion,
    set_kept,
    set_notes,
)
from vms.operations.permission import may_manage_nodes, require_may_with_backup, sees_nodes
from vms.rules.actions import Action
from vms.web.forms.notes import NotesForm
from vms.web.lists.backups import BackupFilters, list_of_backups
from vms.web.presenters.backup_buttons import KEPT, YES
from vms.web.presenters.backup_deleting import SEEN, delete_question, going_with
from vms.web.presenters.backup_filters import backup_filter_bar
from vms.web.presenters.backup_page import backup_page
from vms.web.presenters.backups import backup_rows, plain
from vms.web.presenters.holding import refusal
from vms.web.requests import PanelRequest, asked_keys, back_to
from vms.web.spreadsheet import BYTE_ORDER_MARK, as_csv, csv_answer

EVERYTHING_SHOWN = ("vm", "target", "schedule")
CONFLICT, INVALID = 409, 422
ROWS_AT_ONCE = 500


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    visible, filters = visible_backups(request), BackupFilters.asked(request.GET, request.user)
    counts = filters.counts(visible)
    found = filters.found(visible).select_related(*EVERYTHING_SHOWN)
    page = ListPage(request, list_of_backups(request.user), found, total=counts.total)
    vm = Vm.objects.all().visible_to(request.user).filter(pk=filters.vm).first() if filters.vm else None
    context = {
        "list": page,
        "filters": backup_filter_bar(filters, counts, page.address, vm),
        "rows": backup_rows(page.rows, request.user),
        "shows_targets": sees_nodes(request.user),
        "targets_url": _where_to_begin(request),
        "csv_url": f"{reverse('backups:csv')}?{page.address.lasting()}",
    }
    return remember_size(request, render(request, "backups/list.html", context))


def _where_to_begin(request: PanelRequest) -> str:
    """Where a target is added, "" if there is one or this person may not."""
    may_add = may_manage_nodes(request.user) and not BackupTarget.objects.exists()
    return reverse("backups:target_add") if may_add else ""


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    found = visible_backups(request).filter(pk__in=asked_keys(request)).select_related(*EVERYTHING_SHOWN)
    context = {"rows": backup_rows(found, request.user), "shows_targets": sees_nodes(request.user)}
    return render(request, "backups/rows.html", context)


@require_safe
def download(request: PanelRequest) -> HttpResponseBase:
    """All that the address finds, as CSV."""
    shown = list_of_backups(request.user)
    found = BackupFilters.asked(request.GET, request.user).found(visible_backups(request))
    ordered = found.select_related(*EVERYTHING_SHOWN).order_by(*order_of(shown, asked_sort(request.GET, shown)))
    return csv_answer(_lines(ordered, shown, request.user), "backups")


def _lines(found: BackupQuerySet, shown: ListKind, viewer: Viewer) -> Iterator[str]:
    """In the language of the request, which is over when most of this runs."""
    language = translation.get_language()
    yield BYTE_ORDER_MARK + as_csv([[str(column.label) for column in shown.columns.values()]])
    backups = found.iterator(chunk_size=ROWS_AT_ONCE)
    while portion := list(islice(backups, ROWS_AT_ONCE)):
        with translation.override(language):
            yield as_csv(plain(backup, list(shown.columns), viewer) for backup in portion)


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    return _show(request, _backup(request, pk))


def _show(request: PanelRequest, backup: Backup, form: NotesForm | None = None, *, status: int = 200) -> HttpResponse:
    page = backup_page(backup, request.user)
    notes = (form or NotesForm({"notes": backup.notes})) if page.may_change else None
    return render(request, "backups/page.html", {"page": page, "backup": page.backup, "notes": notes}, status=status)


@require_POST
def check(request: PanelRequest, pk: int) -> HttpResponse:
    backup = _backup(request, pk)
    try:
        request_check(backup, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(backup.vm, refused, request.user))
    else:
        messages.success(request, str(labels.BACKUP_IS_CHECKED) % {"vm": backup.vm.display_name})
    return back_to(request, reverse("backups:page", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: PanelRequest, pk: int) -> HttpResponse:
    """With all that stand on it. GET asks, and so does POST if something else would go than was said."""
    backup = _backup(request, pk)
    require_may_with_backup(request.user, Action.DELETE_BACKUP, backup)
    if request.method != "POST":
        return _ask(request, backup)
    going = going_with(backup)
    if {str(each.pk) for each in going} != set(request.GET.getlist(SEEN)):
        messages.warning(request, str(labels.DELETE_BACKUP_CHANGED))
        return _ask(request, backup, status=CONFLICT)
    try:
        request_deletion(going, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(backup.vm, refused, request.user))
        return redirect("backups:page", pk)
    words = {"count": len(going), "vm": backup.vm.display_name}
    messages.success(request, str(labels.BACKUPS_ARE_DELETED % words))
    return redirect("backups:list")


def _ask(request: PanelRequest, backup: Backup, *, status: int = 200) -> HttpResponse:
    context = {"confirm": delete_question(backup, request.user), "name": backup.vm.display_name}
    return render(request, "backups/confirm.html", context, status=status)


@require_POST
def keep(request: PanelRequest, pk: int) -> HttpResponse:
    """Whether schedules leave it alone from now on."""
    backup = _backup(request, pk)
    kept = request.POST.get(KEPT) == YES
    set_kept(backup, kept, by=request.user)
    words = labels.BACKUP_KEPT if kept else labels.BACKUP_NOT_KEPT
    messages.success(request, str(words) % {"vm": backup.vm.display_name})
    return back_to(request, reverse("backups:page", args=[pk]))


@require_POST
def save_notes(request: PanelRequest, pk: int) -> HttpResponse:
    backup = _backup(request, pk)
    form = NotesForm(request.POST)
    if not form.is_valid():
        require_may_with_backup(request.user, Action.BACK_UP, backup)
        return _show(request, backup, form, status=INVALID)
    set_notes(backup, form.cleaned_data["notes"], by=request.user)
    messages.success(request, gettext("The notes were saved."))
    return redirect("backups:page", pk)


def _backup(request: PanelRequest, pk: int) -> Backup:
    return get_object_or_404(visible_backups(request).select_related("vm__node", "target", "schedule", "node"), pk=pk)


def visible_backups(request: PanelRequest) -> BackupQuerySet:
    return Backup.objects.all().visible_to(request.user).shown()
