"""The stored facts of a machine, put together for the rules."""

from collections.abc import Iterable

from vms.models.operation import Operation
from vms.models.vm import Vm
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.status import Facts


def facts_of(vm: Vm, under_way: Iterable[Operation]) -> Facts:
    """under_way: the machine's unfinished operations, at most one in each slot."""
    in_slot = {operation.slot: operation for operation in under_way}
    run, job = in_slot.get(Slot.RUN), in_slot.get(Slot.JOB)
    return Facts(
        kind=Kind(vm.kind),
        power=Power(vm.power),
        power_reason=PowerReason(vm.power_reason),
        wanted=Wanted(vm.wanted),
        node_reachable=vm.node.reachable,
        known_to_node=vm.gone_at is None,
        run=Action(run.action) if run else None,
        job=job.shown_as if job else None,
        changes=Slot.CHANGE in in_slot,
        protected=vm.protected,
        has_dependants=vm.has_dependants(),
        linked=bool(vm.link),
        mode=Mode(vm.mode) if vm.mode else None,
        agent_used_to_answer=vm.agent_used_to_answer,
        agent_silent_checks=vm.agent_silent_checks,
        watchdog_fired=vm.watchdog_fired,
    )
