"""Schedules of backups: as rows of a list, and what the page of one says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet
from django.forms import BoundField
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode

from vms import labels
from vms.labels import pooling as pool_words
from vms.models import BackupSchedule, BackupTurn, Vm
from vms.operations.schedules import next_runs
from vms.operations.turns import machines_of, retention_of, times_of
from vms.rules.backups import Covers
from vms.rules.kinds import Kind
from vms.web.forms.schedule import spread_text
from vms.web.presenters.backup_targets import Link
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.schedule_turns import BAD, OUTCOME_LABEL, count_outcomes
from vms.web.presenters.schedule_words import (
    Moment,
    ScheduleWords,
    checks_text,
    clock_of,
    copies_text,
    moment,
    times_text,
    words_of,
)

NAMED_MACHINES = 12


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    label: str
    count: int
    is_bad: bool


@dataclass(frozen=True, slots=True)
class LastRun:
    """at: None if there was none yet."""

    at: datetime | None
    at_text: str
    outcomes: list[OutcomeCount]


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """covers: what it covers itself, pools: what else, in words; next_run: None while it is off."""

    pk: str
    name: str
    url: str
    is_on: bool
    times: str
    covers: str
    pools: str
    machines: str
    target: Link
    next_run: Moment | None
    last: LastRun


@dataclass(frozen=True, slots=True)
class Named:
    """Machines by name. more: how many are not named, "" if all are."""

    links: list[Link]
    more: str


@dataclass(frozen=True, slots=True)
class SchedulePage:
    row: ScheduleRow
    words: ScheduleWords
    chosen: Named
    excluded: Named
    spread: str
    copies: str
    with_memory: bool
    checks: str
    changed: datetime
    changed_text: str
    changed_by: str
    backups_url: str


@dataclass(frozen=True, slots=True)
class MachineChoice:
    value: str
    id: str
    name: str
    note: str
    is_ticked: bool


def schedule_rows(schedules: Iterable[BackupSchedule]) -> list[ScheduleRow]:
    """schedules: with their target. There are few: each asks for its machines and its last run."""
    return [_row(schedule) for schedule in schedules]


def schedule_page(schedule: BackupSchedule) -> SchedulePage:
    """schedule: with its target."""
    is_chosen = schedule.covers == Covers.CHOSEN
    chosen = machines_of(schedule).filter(pk__in=schedule.machines.values("pk")) if is_chosen else Vm.objects.none()
    return SchedulePage(
        row=_row(schedule),
        words=words_of(times_of(schedule), retention_of(schedule)),
        chosen=_named(chosen),
        excluded=_named(schedule.excluded.filter(deleted_at=None)),
        spread=spread_text(schedule.spread),
        copies=copies_text(schedule.longest_chain),
        with_memory=schedule.with_memory,
        checks=checks_text(schedule.check_every),
        changed=schedule.changed_at,
        changed_text=clock_of(schedule.changed_at),
        changed_by=schedule.changed_by_name,
        backups_url=f"{reverse('backups:list')}?{urlencode({'schedule': schedule.name})}",
    )


def machine_choices(field: BoundField) -> list[MachineChoice]:
    """field: of machines to tick."""
    ticked = {str(key) for key in field.value() or []}
    machines: Sequence[Vm] = field.field.queryset  # type: ignore[attr-defined]  # of a field for rows
    return [
        MachineChoice(
            value=str(vm.pk),
            id=f"{field.auto_id}_{vm.pk}",
            name=vm.display_name,
            note=" · ".join([*([str(labels.KIND[Kind.TEMPLATE])] if vm.kind == Kind.TEMPLATE else []), vm.node.name]),
            is_ticked=str(vm.pk) in ticked,
        )
        for vm in machines
    ]


def removal_question(schedule: BackupSchedule) -> Confirmation:
    names, made = {"schedule": schedule.name}, schedule.backups.shown().count()
    return Confirmation(
        title=str(labels.REMOVE_SCHEDULE_TITLE) % names,
        text=str(labels.REMOVE_SCHEDULE_TEXT) % names,
        points=[*([str(labels.REMOVE_SCHEDULE_KEEPS % {"count": made})] if made else []), *_pools_left(schedule)],
        disks=Fates(),
        label=str(labels.REMOVE_SCHEDULE),
        danger=True,
        url=reverse("backups:schedule_remove", args=[schedule.pk]),
        cancel_url=reverse("backups:schedule", args=[schedule.pk]),
        key=None,
        refused="",
    )


def _pools_left(schedule: BackupSchedule) -> list[str]:
    """That pools are backed up by it, in a sentence."""
    text = _pools_in(schedule, pool_words.REMOVE_SCHEDULE_POOLS)
    return [text] if text else []


def _pools_in(schedule: BackupSchedule, template: Promise) -> str:
    """ "" if no pool names it."""
    names = list(schedule.vm_pools.values_list("name", flat=True))
    return str(template % {"count": len(names), "pools": ", ".join(names)}) if names else ""


def turns_of_last_run(schedule: BackupSchedule) -> QuerySet[BackupTurn]:
    newest = schedule.turns.aggregate(at=Max("run_at"))["at"]
    return schedule.turns.filter(run_at=newest)


def _row(schedule: BackupSchedule) -> ScheduleRow:
    count = machines_of(schedule).count()
    times = times_of(schedule)
    return ScheduleRow(
        pk=str(schedule.pk),
        name=schedule.name,
        url=reverse("backups:schedule", args=[schedule.pk]),
        is_on=schedule.is_on,
        times=times_text(times),
        covers=str(labels.COVERS[Covers(schedule.covers)]),
        pools=_pools_in(schedule, pool_words.AND_POOLS),
        machines=labels.machines(count),
        target=Link(schedule.target.name, reverse("backups:target", args=[schedule.target_id])),
        next_run=moment(next_runs(times, 1)[0]) if schedule.is_on else None,
        last=_last_run(schedule),
    )


def _last_run(schedule: BackupSchedule) -> LastRun:
    turns = turns_of_last_run(schedule)
    counts = count_outcomes(turns)
    first = turns.first()
    at = first.run_at if first else None
    outcomes = [OutcomeCount(str(OUTCOME_LABEL[key]), count, key in BAD) for key, count in counts.items() if count]
    return LastRun(at, clock_of(at), outcomes)


def _named(machines: QuerySet[Vm]) -> Named:
    named = list(machines.order_by("display_name")[: NAMED_MACHINES + 1])
    links = [Link(vm.display_name, reverse("vms:page", args=[vm.pk])) for vm in named[:NAMED_MACHINES]]
    rest = machines.count() - len(links)
    return Named(links, str(labels.MACHINES_MORE % {"count": rest}) if rest > 0 else "")
