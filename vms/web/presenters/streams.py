"""What people can do about disks that are being copied: change the speed, or stop it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.models import Operation
from vms.models.viewer import Viewer
from vms.operations.permission import may_cancel
from vms.operations.planning import MIB
from vms.operations.requesting import may_be_cancelled
from vms.rules.actions import FILLS_DISKS, HAS_A_LIMIT, Action
from vms.rules.making import Plan
from vms.rules.moving import Move
from vms.rules.preflight import Way
from vms.rules.progress import Phase
from vms.web import formats
from vms.web.forms.limit import LimitForm

ALL_IS_COPIED = frozenset({Phase.ENDING, Phase.MERGING, Phase.WRITING_DOWN})


@dataclass(frozen=True, slots=True)
class LimitView:
    """A form of one field. value: in MiB/s, "" for no limit."""

    url: str
    id: str
    value: str
    error: str


def limit_view(operation: Operation, viewer: Viewer, form: LimitForm | None = None) -> LimitView | None:
    """None if there is nothing to limit, or the viewer may not. form: one that was not understood."""
    if not (may_be_limited(operation) and may_cancel(viewer, operation)):
        return None
    value = operation.limit // MIB or ""
    return LimitView(
        url=reverse("operations:limit", args=[operation.pk]),
        id=f"limit-{operation.pk}",
        value=str(form["limit"].value() if form else value),
        error=form.said_wrong if form else "",
    )


def may_be_limited(operation: Operation) -> bool:
    """As long as there is something left to copy."""
    over = operation.finished_at is not None or operation.ends_as or operation.phase in ALL_IS_COPIED
    return not over and _copies(operation)


def _copies(operation: Operation) -> bool:
    """A new machine may begin with an empty disk."""
    if operation.action not in HAS_A_LIMIT:
        return False
    if operation.action == Action.MIGRATE:
        return Move.from_arguments(operation.arguments).way is not Way.OFFLINE
    if operation.action in {Action.STREAM, Action.BACK_UP}:
        return True
    return any(disk.below for disk in Plan.from_arguments(operation.arguments).disks)


def limit_was_set(operation: Operation) -> str:
    """A sentence."""
    if operation.action == Action.MIGRATE:
        words = labels.MOVE_LIMIT_SET if operation.limit else labels.MOVE_LIMIT_TAKEN_OFF
    else:
        words = labels.LIMIT_SET if operation.limit else labels.LIMIT_TAKEN_OFF
    return str(words) % {"vm": operation.vm.display_name, "speed": formats.speed(operation.limit)}


def stop_url(operation: Operation, viewer: Viewer) -> str:
    """Where one is stopped after a question, since that has a consequence; "" for all others."""
    if operation.action not in FILLS_DISKS or not (may_be_cancelled(operation) and may_cancel(viewer, operation)):
        return ""
    return reverse("operations:stop", args=[operation.pk])
