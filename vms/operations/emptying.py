"""A person wants a node to be free of machines: first a plan, which they look at, then the moving itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from vms.models import Emptying, Event, Node
from vms.models.viewer import Viewer
from vms.operations.auditing import about_node, asked_by, noting_refusals, write
from vms.operations.departures import tell
from vms.operations.nodes import set_duty
from vms.operations.permission import require_may_manage_nodes
from vms.operations.tasks import free_node_after_commit
from vms.rules.audit import Outcome, Request, Why
from vms.rules.duty import Duty
from vms.rules.emptying import TURNS, Turn
from vms.rules.timeline import What

REQUEST: Mapping[Turn, Request] = {
    Turn.BEGIN: Request.BEGIN_EMPTYING,
    Turn.PLAN_AGAIN: Request.PLAN_EMPTYING_AGAIN,
    Turn.PAUSE: Request.PAUSE_EMPTYING,
    Turn.GO_ON: Request.GO_ON_EMPTYING,
    Turn.CANCEL: Request.CANCEL_EMPTYING,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """at_once: so many migrations at the same time; limit: bytes per second of each, 0 for none; converges, post_copy:
    as in rules.moving.Move."""

    at_once: int
    limit: int = 0
    converges: bool = False
    post_copy: bool = False


def unfinished_emptying(node: Node) -> Emptying | None:
    return node.emptyings.filter(finished_at=None).first()


def plan_emptying(node: Node, manner: Manner, *, by: Viewer) -> tuple[Emptying, bool]:
    """Ask a worker for a plan. The one that is returned may be of an earlier request, if it has not ended; and whether
    it is new."""
    about, wished = about_node(node), _fields(manner)
    with noting_refusals(Request.PLAN_EMPTYING, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        emptying, is_new = Emptying.objects.get_or_create(
            node=node, finished_at=None, defaults={**wished, **asked_by(by)}
        )
        if is_new:
            write(Request.PLAN_EMPTYING, about, Outcome.ACCEPTED, by=by, values=wished)
            _ring(emptying)
        else:
            write(Request.PLAN_EMPTYING, about, Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
    return emptying, is_new


def _fields(manner: Manner) -> dict[str, Any]:
    return {
        "at_once": manner.at_once,
        "limit": manner.limit,
        "converges": manner.converges,
        "post_copy": manner.post_copy,
    }


def take_turn(emptying: Emptying, turn: Turn, *, by: Viewer) -> bool:
    """False if it is no longer in a state in which that can be done, such as after a second click."""
    request, about = REQUEST[turn], about_node(emptying.node)
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        if emptying.state not in TURNS[turn][0] or not emptying.become(TURNS[turn][1], **_also(turn, by)):
            write(request, about, Outcome.REFUSED, by=by, reason=Why.TOO_LATE)
            return False
        write(request, about, Outcome.ACCEPTED, by=by)
        _follow(emptying, turn, by)
        _ring(emptying)
    return True


def _also(turn: Turn, by: Viewer) -> dict[str, Any]:
    """Whoever lets it begin, or go on, answers for the migrations from then on."""
    return {
        Turn.BEGIN: {"begun_at": timezone.now(), **asked_by(by)},
        Turn.PLAN_AGAIN: {"planned_at": None},
        Turn.GO_ON: {"problem": "", "evidence": "", **asked_by(by)},
    }.get(turn, {})


def _follow(emptying: Emptying, turn: Turn, by: Viewer) -> None:
    """What else belongs to it. From its beginning on the node is given no new machines."""
    told = {Turn.BEGIN: What.EMPTYING_BEGAN, Turn.CANCEL: What.EMPTYING_CANCELLED}
    if turn is Turn.PLAN_AGAIN:
        emptying.items.all().delete()
    if turn is Turn.BEGIN and Node.objects.filter(pk=emptying.node_id, duty=Duty.ACTIVE).exists():
        set_duty(emptying.node, Duty.MAINTENANCE, by=by)
    if turn is Turn.BEGIN or (turn is Turn.CANCEL and emptying.begun_at):
        Event.objects.create(what=told[turn], node=emptying.node, by_panel=True, values={"person": str(by)})


def _ring(emptying: Emptying) -> None:
    free_node_after_commit(emptying.pk)
    tell(emptying)
