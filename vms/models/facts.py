"""The stored facts of a machine or a node, put together for the rules."""

from collections.abc import Iterable
from posixpath import normpath

from vms.models.node import Node
from vms.models.operation import Operation
from vms.models.storage import StoragePool
from vms.models.vm import Vm
from vms.rules.actions import Action, Slot
from vms.rules.duty import Duty
from vms.rules.kinds import Kind, Mode
from vms.rules.placing import NodeFacts
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
        job_pauses=bool(job and job.measures.get("paused")),
        changes=Slot.CHANGE in in_slot,
        protected=vm.protected,
        doubled=vm.is_doubled(),
        has_dependants=vm.has_dependants(),
        linked=bool(vm.link),
        active=vm.is_active_image(),
        mode=Mode(vm.mode) if vm.mode else None,
        agent_used_to_answer=vm.agent_used_to_answer,
        agent_silent_checks=vm.agent_silent_checks,
        watchdog_fired=vm.watchdog_fired,
    )


def facts_of_node(node: Node) -> NodeFacts:
    """node: best with its pools and networks fetched."""
    pools = pools_with_folders(node)
    folders = frozenset(normpath(pool.folder) for pool in pools_for_disks(node))
    return NodeFacts(
        key=node.pk,
        reachable=node.reachable,
        duty=Duty(node.duty),
        memory_free=node.memory_free,
        folders=folders,
        shared_folders=frozenset(normpath(pool.folder) for pool in pools if pool.shared),
        networks=frozenset(network.name for network in node.networks.all()),
    )


def pools_with_folders(node: Node) -> tuple[StoragePool, ...]:
    return tuple(pool for pool in node.storage_pools.all() if pool.folder)


def pools_for_disks(node: Node) -> tuple[StoragePool, ...]:
    """Where new disks may be put."""
    return tuple(pool for pool in pools_with_folders(node) if not pool.is_target)
