"""Schedules of backups: all that there are, one of them, and the form in which one is made or changed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import BackupSchedule, BackupTarget, BackupTurn
from vms.operations.permission import may_manage_nodes, require_may_manage_nodes, sees_every_vm
from vms.operations.schedules import ScheduleNameTaken, remove, run_now, save_schedule, switch
from vms.web.forms.schedule import ScheduleForm, TimesForm
from vms.web.presenters.facets import Facet
from vms.web.presenters.schedule_turns import BAD, OUTCOME_LABEL, OUTCOMES, count_outcomes, turn_views
from vms.web.presenters.schedule_words import words_of_form
from vms.web.presenters.schedules import (
    machine_choices,
    removal_question,
    schedule_page,
    schedule_rows,
    turns_of_last_run,
)
from vms.web.requests import PanelRequest, wants_a_part

INVALID = 422

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Name"), Lower("name")),
        "times": ColumnKind(pgettext_lazy("column: when a schedule runs", "When")),
        "machines": ColumnKind(pgettext_lazy("column: which machines a schedule backs up", "Machines")),
        "target": ColumnKind(pgettext_lazy("column: where backups go", "Target"), Lower("target__name")),
        "next": ColumnKind(pgettext_lazy("column: of a schedule", "Next run")),
        "last": ColumnKind(pgettext_lazy("column: of a schedule", "Last run"), "last_run"),
    },
    search=("name", "target__name"),
    default="name",
)
TURNS = ListKind(
    columns={
        "run": ColumnKind(pgettext_lazy("column: when a schedule ran", "Run"), "run_at"),
        "vm": ColumnKind(gettext_lazy("Machine"), Lower("vm__display_name")),
        "result": ColumnKind(pgettext_lazy("column: what came of it", "Result")),
    },
    search=("vm__display_name",),
    default="-run",
)
ALL, LAST_RUN, LAST = (
    pgettext_lazy("machines in runs of a schedule", "All runs"),
    pgettext_lazy("machines in runs of a schedule", "Last run"),
    "last",
)


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    _require_sees_schedules(request)
    page = ListPage(request, LIST, BackupSchedule.objects.select_related("target"))
    context = {
        "list": page,
        "columns": page.columns(),
        "rows": schedule_rows(page.rows),
        "may_manage": may_manage_nodes(request.user),
        "has_target": BackupTarget.objects.exists(),
    }
    return remember_size(request, render(request, "backups/schedules.html", context))


@require_safe
def show(request: PanelRequest, pk: int) -> HttpResponse:
    """With the machines of its runs, the last one first. That of one that was removed leads to the others."""
    _require_sees_schedules(request)
    schedule = BackupSchedule.objects.select_related("target").filter(pk=pk).first()
    if schedule is None:
        return _was_removed(request)
    shown = request.GET.get("show", LAST)
    turns = turns_of_last_run(schedule) if shown == LAST else schedule.turns.filter(OUTCOMES.get(shown, Q()))
    page = ListPage(request, TURNS, turns.select_related("vm"))
    context = {
        "page": schedule_page(schedule),
        "list": page,
        "columns": page.columns(),
        "facets": _facets(schedule, page, shown),
        "rows": turn_views(page.rows, request.user),
        "may_manage": may_manage_nodes(request.user),
    }
    return remember_size(request, render(request, "backups/schedule.html", context))


def _was_removed(request: PanelRequest) -> HttpResponse:
    if not wants_a_part(request):
        messages.info(request, str(labels.SCHEDULE_GONE))
    return redirect("backups:schedules")


def _facets(schedule: BackupSchedule, page: ListPage[BackupTurn], shown: str) -> list[Facet]:
    counts = count_outcomes(schedule.turns.all())
    last = turns_of_last_run(schedule).count()
    return [
        Facet(str(LAST_RUN), last, page.url(show=None), shown == LAST),
        Facet(str(ALL), sum(counts.values()), page.url(show="all"), shown == "all"),
        *(
            Facet(str(OUTCOME_LABEL[key]), count, page.url(show=key), key == shown, key in BAD)
            for key, count in counts.items()
            if count or key == shown
        ),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PanelRequest) -> HttpResponse:
    require_may_manage_nodes(request.user)
    return _fill_in(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PanelRequest, pk: int) -> HttpResponse:
    require_may_manage_nodes(request.user)
    return _fill_in(request, _schedule(pk))


def _fill_in(request: PanelRequest, schedule: BackupSchedule | None) -> HttpResponse:
    """GET with what was entered so far shows what would come of it."""
    if request.method == "POST":
        return _save(request, schedule, ScheduleForm(schedule, request.POST))
    form = ScheduleForm(schedule)
    if "rhythm" in request.GET:
        form.fill_in(request.GET)
    return _show_form(request, schedule, form)


def _save(request: PanelRequest, schedule: BackupSchedule | None, form: ScheduleForm) -> HttpResponse:
    if form.is_valid():
        try:
            saved = save_schedule(schedule, form.order, by=request.user)
        except ScheduleNameTaken:
            form.add_error("name", str(labels.SCHEDULE_NAME_TAKEN))
        else:
            done = labels.SCHEDULE_CHANGED if schedule else labels.SCHEDULE_ADDED
            messages.success(request, str(done) % {"schedule": saved.name})
            return redirect("backups:schedule", saved.pk)
    return _show_form(request, schedule, form, status=INVALID)


def _show_form(
    request: PanelRequest, schedule: BackupSchedule | None, form: ScheduleForm, *, status: int = 200
) -> HttpResponse:
    entered = TimesForm({name: form[name].value() for name in TimesForm.base_fields})
    context = {
        "form": form,
        "schedule": schedule,
        "words": words_of_form(entered),
        "machines": machine_choices(form["machines"]),
        "excluded": machine_choices(form["excluded"]),
        "has_target": BackupTarget.objects.exists(),
    }
    return render(request, "backups/schedule_edit.html", context, status=status)


@require_safe
def preview(request: PanelRequest) -> HttpResponse:
    """What would come of what is entered so far, for the page's own script."""
    require_may_manage_nodes(request.user)
    return render(request, "backups/schedule/words.html", {"words": words_of_form(TimesForm(request.GET))})


@require_POST
def turn_on_or_off(request: PanelRequest, pk: int) -> HttpResponse:
    schedule = _schedule(pk)
    on = request.POST.get("on") == "yes"
    said = labels.SCHEDULE_SWITCHED if switch(schedule, on=on, by=request.user) else labels.SCHEDULE_WAS_SO
    messages.success(request, str(said[on]) % {"schedule": schedule.name})
    return redirect("backups:schedule", pk)


@require_POST
def run(request: PanelRequest, pk: int) -> HttpResponse:
    schedule = _schedule(pk)
    if count := run_now(schedule, by=request.user):
        messages.success(request, labels.schedule_runs(schedule.name, count))
    else:
        messages.info(request, str(labels.SCHEDULE_RUNS_NOTHING) % {"schedule": schedule.name})
    return redirect("backups:schedule", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: PanelRequest, pk: int) -> HttpResponse:
    require_may_manage_nodes(request.user)
    schedule = _schedule(pk)
    if request.method != "POST":
        context = {"schedule": schedule, "confirm": removal_question(schedule)}
        return render(request, "backups/schedule_remove.html", context)
    remove(schedule, by=request.user)
    messages.success(request, str(labels.SCHEDULE_REMOVED) % {"schedule": schedule.name})
    return redirect("backups:schedules")


def _schedule(pk: int) -> BackupSchedule:
    return get_object_or_404(BackupSchedule.objects.select_related("target"), pk=pk)


def _require_sees_schedules(request: PanelRequest) -> None:
    if not sees_every_vm(request.user):
        raise PermissionDenied
