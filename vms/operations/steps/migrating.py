"""Steps that move a machine to another node, and those that call it back.

The nodes move it by themselves. So the call is made once, a mark is set before, and whatever happens to whoever made
it: where the machine is, both nodes tell.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import HypervisorError, NodeUnreachable, Refused, TimedOut, WrongState
from vms.hypervisor.machine_xml import describe
from vms.hypervisor.migrating import Destination, How, Outcome, Stage
from vms.operations.leasing import my_process
from vms.operations.steps import streaming
from vms.operations.steps.arriving import change_node, clear_up
from vms.operations.steps.checkpoints import forget_moments
from vms.operations.steps.leaving import check_move, hold_guest, make_copies
from vms.operations.steps.whereabouts import Sight, at_destination, destination_of, is_sent, look, move_of
from vms.operations.steps.work import Again, Done, Result, StepFailed, StepUnclear, Work
from vms.rules.power import HAS_PROCESS, Power
from vms.rules.preflight import Way
from vms.rules.problems import Problem
from vms.rules.progress import Phase
from vms.rules.whereabouts import Call, Next, Side

LOOK_SECONDS = 1.0
SOON_SECONDS = 0.2
TRIES = 3
TROUBLE_PASSES_WITHIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def move(work: Work) -> Result:
    """Send it, once, and see where it is until that is settled."""
    if not is_sent(work):
        return _send(work)
    return _look_and(_ON_ITS_WAY, work)


def call_back(work: Work) -> Result:
    """It may have arrived all the same: then it stays there, for it runs there."""
    if work.vm.node_id == move_of(work).to:
        return _go_forward(work)
    return _look_and(_ON_ITS_WAY_BACK, work) if is_sent(work) else Done()


def remove_copies(work: Work) -> Result:
    """Nothing of it is left on the other node, and no process here that only held it."""
    measures = work.operation.measures
    if measures.get("held"):
        ended = streaming.end_process(work)
        if isinstance(ended, Again):
            return ended
    return _delete_copies(work) if measures.get("made") else Done()


def _delete_copies(work: Work) -> Result:
    """Whatever becomes of them, the machine is where it was, and can be used again."""
    try:
        with at_destination(work) as there:
            for path in move_of(work).copies.values():
                there.delete_disk(path)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("operation %s cannot remove its copies: %s", work.operation.pk, error)
        over = work.lasts_longer_than(TROUBLE_PASSES_WITHIN)
        return Done() if over else Again(LOOK_SECONDS, Phase.TAKING_BACK)
    return Done()


def _send(work: Work) -> Result:
    """The mark comes first: whoever finds it looks where the machine is, and sends it again only if it has stayed."""
    operation, vm = work.operation, work.vm.uuid
    to, how = destination_of(work), _how(work)
    definition = work.hypervisor.definition(vm)
    paths = {disk.target: disk.source for disk in describe(definition.live or definition.xml).disks}
    mark = {
        "sent_at": timezone.now().isoformat(),
        "sent_by": my_process(),
        "seen": None,
        "guest_ran": work.hypervisor.machine(vm).power is Power.RUNNING,
        "autostart": definition.autostart,
        "limit": how.limit,
        "left": [paths[target] for target in how.disks if target in paths],
    }
    if not operation.measure(mark, tries=operation.tries + 1) or operation.ends_as:
        operation.measure({"sent_at": None})  # somebody has just turned it back
        return Again(SOON_SECONDS, Phase.TAKING_BACK)
    try:
        work.hypervisor.send(vm, Destination(to.peer_uri or to.uri, to.peer_address), how)
    except HypervisorError:
        operation.measure({"sent_at": None})
        raise
    return Again(LOOK_SECONDS, Phase.MOVING)


def _how(work: Work) -> How:
    move, is_guest_on = move_of(work), move_of(work).way is Way.LIVE
    return How(
        live=move.way is not Way.OFFLINE,
        disks=move.copies,
        limit=work.operation.limit,
        converges=move.converges and is_guest_on,
        post_copy=move.post_copy and is_guest_on,
    )


def _look_and(act: Mapping[Next, Callable[[Work, Sight], Result]], work: Work) -> Result:
    """A node that is too busy to tell, or refuses at this moment, says more a moment later."""
    try:
        sight = look(work)
        result = act[sight.next](work, sight)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        _bear(work, error)
        return _again(work, LOOK_SECONDS)
    if work.operation.measures.get("trouble_since"):
        work.operation.measure({"trouble_since": None})
    return result


def _bear(work: Work, error: HypervisorError) -> None:
    since = work.operation.measures.get("trouble_since")
    logger.warning("operation %s cannot see where its machine is: %s", work.operation.pk, error)
    if not since:
        work.operation.measure({"trouble_since": timezone.now().isoformat()})
    elif timezone.now() - datetime.fromisoformat(since) > TROUBLE_PASSES_WITHIN:
        raise error


def _again(work: Work, seconds: float, phase: Phase = Phase.MOVING) -> Again:
    return Again(seconds, Phase.TAKING_BACK if work.operation.ends_as else phase)


def _go_on(work: Work, sight: Sight) -> Result:
    _keep_limit(work)
    if sight.migration is None or sight.source is Side.HANDING:  # it begins or ends just now
        return _again(work, SOON_SECONDS)
    if sight.migration.stage is Stage.MEMORY:
        _hand_over_if_asked(work)
    return _again(work, LOOK_SECONDS)


def _keep_limit(work: Work) -> None:
    """People may change it on the way."""
    limit = work.operation.limit
    if limit != work.operation.measures["limit"]:
        work.hypervisor.limit_migration(work.vm.uuid, limit=limit)
        work.operation.measure({"limit": limit})


def _hand_over_if_asked(work: Work) -> None:
    measures = work.operation.measures
    if not measures.get("post_copy_asked") or measures.get("post_copied"):
        return
    try:
        work.hypervisor.switch_to_post_copy(work.vm.uuid)
    except (WrongState, Refused, TimedOut) as error:  # it is not there yet, or no longer: the next look tells
        logger.warning("operation %s cannot hand its machine over now: %s", work.operation.pk, error)
    else:
        work.operation.measure({"post_copied": True})


def _call_off(work: Work, _sight: Sight) -> Result:
    try:
        work.hypervisor.cancel_migration(work.vm.uuid)
    except WrongState:  # its guest is handed over: it goes on to its end
        return _again(work, LOOK_SECONDS)
    return _again(work, SOON_SECONDS)


def _wait_and_see(work: Work, sight: Sight) -> Result:
    unseen = sight.destination is Side.UNSEEN
    return _again(work, LOOK_SECONDS, Phase.WAITING_FOR_NODE if unseen else Phase.FINDING_OUT)


def _drop_source(work: Work, _sight: Sight) -> Result:
    _drop(work.hypervisor, work)
    return _again(work, SOON_SECONDS, Phase.FINDING_OUT)


def _drop_destination(work: Work, _sight: Sight) -> Result:
    with at_destination(work) as there:
        _drop(there, work)
    return _again(work, SOON_SECONDS, Phase.FINDING_OUT)


def _drop(hypervisor: Hypervisor, work: Work) -> None:
    """What belongs to it stays: the other node may use the same files."""
    there = hypervisor.presence(work.vm.uuid)
    if there is None:
        return
    try:
        if there.power in HAS_PROCESS:
            hypervisor.power_off(work.vm.uuid)
        elif there.defined:
            hypervisor.undefine(work.vm.uuid, keep_files=True)
    except WrongState:  # it has just changed: the next look tells
        return


def _resume(work: Work, sight: Sight) -> Result:
    """One whose guest did not run stays paused."""
    if not work.operation.measures["guest_ran"]:
        return _ON_ITS_WAY_BACK[Next.STAYED](work, sight) if work.operation.ends_as else _stayed(work, sight)
    work.hypervisor.resume(work.vm.uuid)
    return _again(work, SOON_SECONDS, Phase.FINDING_OUT)


def _stayed(work: Work, sight: Sight) -> Result:
    """Of a call that another process was to make nobody knows whether it ever was."""
    if sight.outcome is None and work.operation.tries < TRIES:
        work.operation.measure({"sent_at": None})
        return _again(work, SOON_SECONDS)
    raise _failure(work, sight.outcome)


def _failure(work: Work, outcome: Outcome | None) -> StepFailed:
    home, to = work.vm.node.name, destination_of(work).name
    told = outcome.problem if outcome and outcome.call is Call.FAILED else None
    failure = StepFailed(_TOLD.get(told, Problem.MIGRATION_BROKE), node=to, home=home, to=to)
    failure.__cause__ = HypervisorError(outcome.detail) if outcome else None
    return failure


_TOLD: Mapping[Problem | None, Problem] = {
    Problem.NO_SPACE: Problem.NO_SPACE,
    Problem.NOT_ENOUGH_MEMORY: Problem.NOT_ENOUGH_MEMORY,
    Problem.NODE_UNREACHABLE: Problem.NODES_APART,
    Problem.NO_POST_COPY: Problem.NO_POST_COPY,
}
"""What is worth a sentence of its own; for all else the nodes' own words stand beside it."""


def _ask(work: Work, sight: Sight) -> Result:
    home, to = work.vm.node.name, destination_of(work).name
    problem = Problem.MIGRATION_TORN if sight.is_torn else Problem.ON_WHICH_NODE
    told = sight.outcome.detail if sight.outcome else ""
    evidence = f"{home}: {sight.source}, {to}: {sight.destination}, call: {sight.call}. {told}".strip()
    raise StepUnclear(evidence, problem, home=home, to=to)


def _done(_work: Work, _sight: Sight) -> Result:
    return Done()


def _go_forward(work: Work, _sight: Sight | None = None) -> Result:
    """On the way back, though it has arrived: what there is to do is what comes after that."""
    as_if_never_turned_back = {"ends_as": "", "problem": "", "problem_values": {}, "evidence": ""}
    from_its_arrival = {"steps_done": STEPS_BEFORE_IT_IS_THERE, "step_began_at": None, "phase": Phase.ENDING}
    work.operation.note(**as_if_never_turned_back, **from_its_arrival)
    return Done()


_ON_ITS_WAY: Mapping[Next, Callable[[Work, Sight], Result]] = {
    Next.WAIT: _go_on,
    Next.LOOK_AGAIN: _wait_and_see,
    Next.ARRIVED: _done,
    Next.DROP_SOURCE: _drop_source,
    Next.STAYED: _stayed,
    Next.DROP_DESTINATION: _drop_destination,
    Next.RESUME_SOURCE: _resume,
    Next.ASK: _ask,
}
_ON_ITS_WAY_BACK: Mapping[Next, Callable[[Work, Sight], Result]] = {
    **_ON_ITS_WAY,
    Next.WAIT: _call_off,
    Next.ARRIVED: _go_forward,
    Next.STAYED: _done,
}

STEPS = (check_move, make_copies, hold_guest, forget_moments, move, change_node, clear_up)
STEPS_BEFORE_IT_IS_THERE = STEPS.index(change_node)
WAY_BACK = (call_back, remove_copies)
