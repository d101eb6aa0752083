"""A machine on its way to another node: from where to where, and how far its disks and its memory are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from vms import labels
from vms.models import Operation
from vms.models.viewer import Viewer
from vms.operations.permission import may_cancel, sees_nodes
from vms.rules.actions import Action
from vms.rules.progress import percent
from vms.web import formats

HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Bar:
    """text: "1.2 GiB of 4 GiB"."""

    label: str
    percent: float
    text: str


@dataclass(frozen=True, slots=True)
class Journey:
    """home, to: "" for whoever is told nothing of nodes. stage, bars, rounds: only while it is under way.
    hand_over_url: where its guest can be handed over early, "" if it cannot."""

    home: str
    home_url: str
    to: str
    to_url: str
    stage: str
    bars: list[Bar]
    rounds: str
    hand_over_url: str


def journey(operation: Operation, viewer: Viewer) -> Journey | None:
    """None if the operation moves no machine. operation: from with_destination(), with its node."""
    if operation.action != Action.MIGRATE:
        return None
    home, to = _nodes(operation, viewer)
    measures = operation.measures if operation.finished_at is None else {}
    return Journey(
        home=home,
        home_url=_url(home, operation.node_id),
        to=to,
        to_url=_url(to, operation.arguments.get("to")),
        stage=str(labels.STAGE.get(measures.get("stage", ""), "")),
        bars=list(_bars(measures)),
        rounds=_rounds(measures),
        hand_over_url=_hand_over_url(operation, viewer),
    )


def from_to(operation: Operation, viewer: Viewer) -> str:
    """A sentence, "" if it moves no machine or the viewer is told nothing of nodes. operation: as above."""
    home, to = _nodes(operation, viewer)
    return str(labels.MOVE_FROM_TO) % {"home": home, "to": to} if home and to else ""


def _nodes(operation: Operation, viewer: Viewer) -> tuple[str, str]:
    if not (operation.destination and operation.node and sees_nodes(viewer)):
        return "", ""
    return operation.node.name, operation.destination


def _url(name: str, key: int | None) -> str:
    return reverse("nodes:page", args=[key]) if name and key else ""


def _bars(measures: dict[str, Any]) -> Iterator[Bar]:
    """Of what there is to send at all."""
    for name, label in (("disks", labels.MOVE_DISKS), ("memory", labels.MOVE_MEMORY)):
        done, total = measures.get(name, (0, 0))
        if total:
            words = {"done": formats.size(min(done, total)), "total": formats.size(total)}
            yield Bar(str(label), percent(done, total), str(labels.MOVE_DONE_OF) % words)


def _rounds(measures: dict[str, Any]) -> str:
    """The first pass is none worth a word."""
    count = measures.get("rounds", 0)
    return str(labels.MOVE_ROUNDS % {"count": count}) if count > 1 else ""


def may_be_handed_over(operation: Operation) -> bool:
    """Its guest, before all of its memory is there."""
    measures = operation.measures
    over = operation.finished_at is not None or operation.ends_as or measures.get("post_copy_asked")
    on_its_way = measures.get("stage", HANDED_OVER) != HANDED_OVER
    return bool(operation.arguments.get("post_copy") and on_its_way and not over)


def _hand_over_url(operation: Operation, viewer: Viewer) -> str:
    if not (may_be_handed_over(operation) and may_cancel(viewer, operation)):
        return ""
    return reverse("operations:post_copy", args=[operation.pk])
