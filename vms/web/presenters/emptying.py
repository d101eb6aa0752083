"""A plan to empty a node, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from vms import labels
from vms.labels import dynamic as words
from vms.models import Emptying, EmptyingItem
from vms.operations.departures import ended_by_their_pools, machines_of
from vms.rules.duty import Duty
from vms.rules.emptying import ENDED, TURNS, Halt, State, Turn
from vms.rules.problems import Problem
from vms.rules.progress import percent
from vms.web import formats
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.emptying_arrivals import Arrivals, arrivals_of
from vms.web.presenters.emptying_items import BAD, NOT_ENDED, OUTCOMES, count_outcomes

LOOK: Mapping[State, str] = {
    State.PLANNING: "now",
    State.PLANNED: "off",
    State.RUNNING: "now",
    State.PAUSED: "warn",
    State.FINISHED: "good",
    State.CANCELLED: "off",
    State.FAILED: "bad",
}
ICON: Mapping[Turn, str] = {
    Turn.BEGIN: "play",
    Turn.PLAN_AGAIN: "redo",
    Turn.PAUSE: "pause",
    Turn.GO_ON: "play",
    Turn.CANCEL: "times",
}
PRIMARY = frozenset({Turn.BEGIN, Turn.GO_ON})
OLD = timedelta(minutes=10)
NOBODY_COMES_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TurnButton:
    """asks: it leads to a question first."""

    label: str
    icon: str
    url: str
    primary: bool
    asks: bool


@dataclass(frozen=True, slots=True)
class Progressed:
    """share: in percent, None if there is nothing to tell; text: the same in words. pace: of all that is on its way."""

    share: float | None
    share_text: str
    text: str
    pace: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What somebody should know, "" each if there is nothing. cannot, left: on those that stay; free: on dynamic VMs;
    old: how long ago it was planned, if that is too long."""

    problem: str
    evidence: str
    cannot: str
    left: str
    free: str
    old: str
    nobody_came: bool


@dataclass(frozen=True, slots=True)
class EmptyingView:
    """is_live: something may still change by itself. counts: of its machines by outcome."""

    node: str
    node_url: str
    rows_url: str
    title: str
    state: str
    look: str
    means: str
    is_live: bool
    has_plan: bool
    far: Progressed
    notes: Notes
    person: str
    requested_at: datetime
    requested_text: str
    manner: list[str]
    buttons: list[TurnButton]
    arrivals: list[Arrivals]
    counts: Mapping[str, int]


def emptying_view(emptying: Emptying, items: QuerySet[EmptyingItem], *, may_manage: bool) -> EmptyingView:
    """items: all of its machines. emptying: with its node."""
    state, names = State(emptying.state), {"node": emptying.node.name}
    counts = count_outcomes(items)
    return EmptyingView(
        node=emptying.node.name,
        node_url=reverse("nodes:page", args=[emptying.node_id]),
        rows_url=_url("nodes:emptying_rows", emptying),
        title=str(labels.EMPTYING_TITLE) % names,
        state=str(labels.EMPTYING_STATE[state]),
        look="bad" if state is State.FINISHED and any(counts[key] for key in BAD) else LOOK[state],
        means=_means(emptying, counts),
        is_live=state not in ENDED or counts["running"] > 0,
        has_plan=emptying.planned_at is not None,
        far=_far(emptying, items, counts),
        notes=_notes(emptying, counts),
        person=emptying.requested_by_name or str(labels.THE_PANEL),
        requested_at=emptying.requested_at,
        requested_text=formats.clock(emptying.requested_at),
        manner=list(_manner(emptying)),
        buttons=[_button(emptying, turn) for turn in Turn if may_manage and _is_offered(emptying, turn, counts)],
        arrivals=arrivals_of(items),
        counts=counts,
    )


def _url(name: str, emptying: Emptying, *more: str) -> str:
    return reverse(name, args=[emptying.node_id, emptying.pk, *more])


# How far it is


def _means(emptying: Emptying, counts: Mapping[str, int]) -> str:
    names = {"node": emptying.node.name}
    if emptying.state == State.PLANNED and not _can_go(counts):
        return str(labels.EMPTYING_NOTHING_GOES if counts["cannot"] else labels.EMPTYING_EMPTY) % names
    return str(labels.EMPTYING_MEANS[State(emptying.state)]) % names


def _can_go(counts: Mapping[str, int]) -> int:
    return sum(count for outcome, count in counts.items() if outcome != "cannot")


def _far(emptying: Emptying, items: QuerySet[EmptyingItem], counts: Mapping[str, int]) -> Progressed:
    running = items.filter(OUTCOMES["running"])
    on_the_way = running.aggregate(permille=Sum("operation__permille"), speed=Sum("operation__bytes_per_second"))
    has_no_plan = emptying.planned_at is None
    share, text = _asked(emptying, items) if has_no_plan else _moved(emptying, counts, on_the_way["permille"] or 0)
    return Progressed(
        share=share,
        share_text="" if share is None else formats.percent(share),
        text=text,
        pace=formats.speed(on_the_way["speed"]) if on_the_way["speed"] else "",
    )


def _asked(emptying: Emptying, items: QuerySet[EmptyingItem]) -> tuple[float | None, str]:
    total = machines_of(emptying.node).count()
    asked = min(total, items.count())
    words = labels.EMPTYING_ASKED_OF % {"ended": asked, "count": total}
    return percent(asked, total) if emptying.finished_at is None else None, str(words)


def _moved(emptying: Emptying, counts: Mapping[str, int], permille: int) -> tuple[float | None, str]:
    """permille: of those that are on their way, added up."""
    total = _can_go(counts)
    if emptying.begun_at is None:
        return None, str(labels.EMPTYING_CAN_GO % {"count": total})
    ended = total - sum(counts[key] for key in (*NOT_ENDED, "left"))
    words = labels.EMPTYING_ENDED_OF % {"ended": ended, "count": total}
    return percent(1000 * ended + permille, 1000 * total), str(words)


# What is to be known of it


def _notes(emptying: Emptying, counts: Mapping[str, int]) -> Notes:
    return Notes(
        problem=_problem(emptying),
        evidence=emptying.evidence,
        cannot=_cannot(emptying, counts) if emptying.planned_at else "",
        left=_left(emptying) if emptying.state == State.FINISHED else "",
        free=_free(emptying) if emptying.finished_at is None else "",
        old=_old(emptying),
        nobody_came=_nobody_came(emptying),
    )


def _cannot(emptying: Emptying, counts: Mapping[str, int]) -> str:
    words = labels.EMPTYING_CANNOT_GO % {"count": counts["cannot"], "node": emptying.node.name}
    return str(words) if counts["cannot"] else ""


def _left(emptying: Emptying) -> str:
    count = machines_of(emptying.node).count()
    if not count:
        return str(labels.EMPTYING_EMPTY) % {"node": emptying.node.name}
    return str(labels.EMPTYING_STILL_THERE % {"count": count, "node": emptying.node.name})


def _free(emptying: Emptying) -> str:
    count = ended_by_their_pools(emptying.node).count()
    return str(words.FREE_ONES_END % {"count": count, "node": emptying.node.name}) if count else ""


def _problem(emptying: Emptying) -> str:
    names = {"node": emptying.node.name, "person": emptying.requested_by_name}
    if emptying.problem in set(Halt):
        return str(labels.EMPTYING_HALT[Halt(emptying.problem)]) % names
    return str(labels.PROBLEM[Problem(emptying.problem)]) % names if emptying.problem else ""


def _old(emptying: Emptying) -> str:
    if emptying.state != State.PLANNED or emptying.planned_at is None:
        return ""
    age = timezone.now() - emptying.planned_at
    return formats.span(age.total_seconds()) if age > OLD else ""


def _nobody_came(emptying: Emptying) -> bool:
    waits = emptying.state == State.PLANNING and emptying.lease_until is None
    return waits and timezone.now() - emptying.requested_at > NOBODY_COMES_AFTER


def _manner(emptying: Emptying) -> Iterator[str]:
    yield str(labels.EMPTYING_AT_ONCE % {"count": emptying.at_once})
    if emptying.limit:
        yield str(labels.EMPTYING_LIMIT) % {"speed": formats.speed(emptying.limit)}
    else:
        yield str(labels.EMPTYING_NO_LIMIT)
    if emptying.converges:
        yield str(labels.EMPTYING_CONVERGES)
    if emptying.post_copy:
        yield str(labels.EMPTYING_POST_COPY)


def _is_offered(emptying: Emptying, turn: Turn, counts: Mapping[str, int]) -> bool:
    nothing_goes = turn is Turn.BEGIN and not _can_go(counts)
    return emptying.state in TURNS[turn][0] and not nothing_goes


def _button(emptying: Emptying, turn: Turn) -> TurnButton:
    return TurnButton(
        label=str(labels.TURN[turn]),
        icon=ICON[turn],
        url=_url("nodes:turn_emptying", emptying, turn),
        primary=turn in PRIMARY,
        asks=turn is Turn.CANCEL,
    )


# The question before it is cancelled


def cancel_question(emptying: Emptying) -> Confirmation:
    names = {"node": emptying.node.name}
    under_way = emptying.items.filter(OUTCOMES["running"]).count()
    points = [str(labels.EMPTYING_ON_THEIR_WAY % {"count": under_way})] if under_way else []
    if emptying.begun_at and emptying.node.duty == Duty.MAINTENANCE:
        points.append(str(labels.EMPTYING_DUTY_STAYS) % names)
    return Confirmation(
        title=str(labels.EMPTYING_CANCEL_TITLE) % names,
        text=str(labels.EMPTYING_CANCEL_MEANS),
        points=points,
        disks=Fates(),
        label=str(labels.EMPTYING_CANCEL),
        danger=False,
        url=_url("nodes:turn_emptying", emptying, Turn.CANCEL),
        cancel_url=_url("nodes:emptying", emptying),
        key=None,
        refused=str(labels.TURN_TOO_LATE) if emptying.state in ENDED else "",
    )
