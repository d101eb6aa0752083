"""The past of a machine or node, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise

from vms import labels
from vms.labels import golden_images as image_words
from vms.labels import pooling as pool_words
from vms.models import Event
from vms.models.viewer import Viewer
from vms.operations.permission import sees_nodes
from vms.rules.actions import Action
from vms.rules.kinds import Mode
from vms.rules.power import PowerReason
from vms.rules.progress import Progress
from vms.rules.timeline import What
from vms.web import formats
from vms.web.presenters.hiding import NOT_SAID, sayable

FEWEST, STEP, MOST = 30, 50, 500

LOOK: Mapping[What, str] = {
    What.STARTED: "good",
    What.RESUMED: "good",
    What.CRASHED: "bad",
    What.FROZE: "bad",
    What.IO_ERROR: "bad",
    What.WATCHDOG: "bad",
    What.GONE: "bad",
    What.ALSO_ELSEWHERE: "warn",
    What.RUNS_TWICE: "bad",
    What.NODE_LOST: "bad",
    What.NODE_FOUND: "good",
    What.MAINTENANCE_BEGAN: "warn",
}

OUTSIDE = frozenset({What.STARTED, What.STOPPED, What.PAUSED, What.RESUMED, What.RENAMED, What.DEFINITION_CHANGED})
"""Changes that are worth the words "not by this panel"."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    at_text: str
    text: str
    note: str
    look: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Newest first. more: how many lines to ask for next, 0 if there are no more or these are the most."""

    entries: list[TimelineEntry]
    more: int


def timeline(events: QuerySet[Event], viewer: Viewer, asked: str = "") -> Timeline:
    """asked: as many lines as an address asks for; within bounds, and the fewest if it is no number."""
    number = int(asked[:4]) if asked.isascii() and asked.isdigit() else FEWEST
    shown = min(max(number, FEWEST), MOST)
    found = list(events.select_related("operation")[: shown + 1])
    more = min(shown + STEP, MOST) if len(found) > shown < MOST else 0
    return Timeline([timeline_entry(event, viewer) for event in found[:shown]], more)


def sentence_of(event: Event) -> str:
    """With all the names in it, for those who may read everything."""
    return _sentence(event, _texts(event))


def timeline_entry(event: Event, viewer: Viewer) -> TimelineEntry:
    what = What(event.what)
    return TimelineEntry(
        at=event.at,
        at_text=formats.clock(event.at),
        text=_sentence(event, _said_to(viewer, event)),
        note=_note(event, what),
        look=LOOK.get(what, "off"),
    )


def _texts(event: Event) -> dict[str, str]:
    return {name: str(value) for name, value in event.values.items()}


def _said_to(viewer: Viewer, event: Event) -> dict[str, str]:
    values = sayable(_texts(event), viewer)
    if event.what in {What.MOVED, What.MOVED_TO_POOL} and not sees_nodes(viewer):
        values |= {"old": NOT_SAID, "new": NOT_SAID}
    return values


def _sentence(event: Event, values: dict[str, str]) -> str:
    if "action" in values:
        values["action"] = str(labels.ACTION[Action(values["action"])])
    if "progress" in values:
        values["progress"] = str(labels.PROGRESS[Progress(values["progress"])])
    if event.what == What.REQUESTED:
        values["person"] = values["person"] or str(labels.THE_PANEL)
    if event.what == What.MOVED_TO_POOL:
        values |= {name: values[name] or str(pool_words.NO_POOL) for name in ("old", "new")}
    if event.what == What.MODE_CHANGED:
        values |= {name: _mode(values[name]) for name in ("old", "new")}
        values["person"] = values["person"] or str(labels.ANOTHER_TOOL)
    return str(_words_for(event)) % values


def _words_for(event: Event) -> Promise:
    is_sealed = event.operation is not None and event.operation.action == Action.SEAL
    if event.what == What.MODE_CHANGED and is_sealed:
        return image_words.SEALED_BY
    return labels.EVENT[What(event.what)]


def _mode(code: str) -> str:
    return str(labels.MODE[Mode(code)] if code else labels.MODE_MISSING)


def _note(event: Event, what: What) -> str:
    reason = event.values.get("reason", "")
    sentence = str(labels.POWER_REASON[PowerReason(reason)]) if reason else ""
    stranger = str(labels.NOT_BY_THIS_PANEL) if what in OUTSIDE and not event.by_panel else ""
    return " · ".join(part for part in (sentence, stranger) if part)
