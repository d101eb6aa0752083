"""An operation as a page: its steps, its moments, what the machine's past tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vms import labels
from vms.models import Backup, Bulk, BulkItem, Event, Operation
from vms.models.viewer import Viewer
from vms.operations.recipes import RECIPES
from vms.rules.actions import Action
from vms.rules.contact import StepState
from vms.rules.progress import Progress
from vms.web import formats
from vms.web.presenters.backups import BackupRow, backup_row
from vms.web.presenters.bulk_result import bulk_name
from vms.web.presenters.operations import OperationView, operation_rows
from vms.web.presenters.steps import StepView
from vms.web.presenters.timeline import TimelineEntry, timeline_entry


@dataclass(frozen=True, slots=True)
class Moment:
    label: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class OperationPage:
    """backup: what it is about, None if that is no backup, or none that is there."""

    operation: OperationView
    steps: list[StepView]
    moments: list[Moment]
    timeline: list[TimelineEntry]
    bulk_name: str
    backup: BackupRow | None


def operation_page(operation: Operation, viewer: Viewer) -> OperationPage:
    """operation: with its vm and node."""
    view = operation_rows([operation], viewer)[0]
    events = Event.objects.filter(operation=operation).select_related("operation")
    return OperationPage(
        operation=view,
        steps=_steps(operation, view),
        moments=_moments(operation),
        timeline=[timeline_entry(event, viewer) for event in events],
        bulk_name=_bulk_name(operation) if view.bulk_url else "",
        backup=_backup(operation, viewer),
    )


def _backup(operation: Operation, viewer: Viewer) -> BackupRow | None:
    """The one that it is about, as long as there is one that the viewer may see."""
    if "backup" not in operation.arguments:
        return None
    shown = Backup.objects.all().visible_to(viewer).shown().select_related("vm", "target", "schedule")
    backup = shown.filter(pk=operation.arguments["backup"]).first()
    return backup_row(backup, viewer) if backup else None


def _bulk_name(operation: Operation) -> str:
    bulk = Bulk.objects.get(pk=BulkItem.objects.filter(operation=operation).values("bulk")[:1])
    return bulk_name(bulk, bulk.items.count())


def _steps(operation: Operation, view: OperationView) -> list[StepView]:
    """Of one that was turned back, those of its way back."""
    recipe = RECIPES[Action(operation.action)]
    steps = recipe.way_back if operation.ends_as else recipe.steps
    named = [(number, step.__name__) for number, step in enumerate(steps) if step.__name__ in labels.STEP]
    return [_step(number, name, operation, view) for number, name in named]


def _step(number: int, name: str, operation: Operation, view: OperationView) -> StepView:
    state = _state(number, operation)
    notes = {
        StepState.NOW: " · ".join(part for part in (view.far.phase, view.far.pace) if part),
        StepState.FAILED: view.problem,
    }
    return StepView(
        label=str(labels.STEP[name]),
        state=state,
        state_label=str(labels.STEP_STATE[state]),
        note=notes.get(state, ""),
        side=view.far.percent_text if state is StepState.NOW else "",
    )


def _state(number: int, operation: Operation) -> StepState:
    progress = Progress(operation.progress)
    if number < operation.steps_done or progress is Progress.SUCCEEDED:
        return StepState.DONE
    if number > operation.steps_done or operation.started_at is None:
        return StepState.TODO
    return {
        Progress.WORKING: StepState.NOW,
        Progress.FAILED: StepState.FAILED,
        Progress.UNCLEAR: StepState.FAILED,
    }.get(progress, StepState.TODO)


def _moments(operation: Operation) -> list[Moment]:
    moments = [
        (labels.MOMENT_ASKED, operation.requested_at),
        (labels.MOMENT_BEGAN, operation.started_at),
        (labels.MOMENT_ENDED, operation.finished_at),
        (labels.MOMENT_ACKNOWLEDGED, operation.acknowledged_at),
    ]
    return [Moment(str(label), at, formats.clock(at)) for label, at in moments if at]
