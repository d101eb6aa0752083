"""News in, rows out. One function for each kind of news; each may be run twice without harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from vms.models import Event, Node, Operation, Vm
from vms.operations.announcing import announce
from vms.operations.following import follow, wake
from vms.operations.settling import settle, settle_node
from vms.rules.actions import Action, Slot
from vms.rules.events import Happening
from vms.rules.power import HAS_PROCESS, Power
from vms.rules.progress import percent
from vms.rules.status import SILENT_CHECKS_MEAN_FROZEN
from vms.rules.timeline import What
from vms.watcher.adopting import adopt, mark_gone, write_description
from vms.watcher.news import (
    AgentAsked,
    AllListed,
    Happened,
    JobProgressed,
    MachineSeen,
    News,
    NodeFound,
    NodeLost,
    NodeUse,
)


@transaction.atomic
def record(news: News) -> None:
    _RECORDERS[type(news)](news)


def _node_found(news: NodeFound) -> None:
    node = Node.objects.filter(pk=news.node).first()
    if node is None:
        return
    info = news.info
    Node.objects.filter(pk=node.pk).update(
        node_uuid=info.node_uuid,
        hostname=info.hostname[:255],
        libvirt_version=info.libvirt_version,
        hypervisor_version=info.hypervisor_version,
        cpu_model=info.cpu_model[:128],
        cpus=info.cpus,
        memory_total=info.memory_total,
        memory_free=info.memory_free,
    )
    if node.found(timezone.now()):
        Event.objects.create(what=What.NODE_FOUND, node=node)
    settle_node(node)


def _node_lost(news: NodeLost) -> None:
    node = Node.objects.filter(pk=news.node).first()
    if node is not None and node.lost(timezone.now(), news.problem, news.evidence):
        Event.objects.create(what=What.NODE_LOST, node=node, values={"problem": news.problem})
        settle_node(node)


def _node_use(news: NodeUse) -> None:
    Node.objects.filter(pk=news.node).update(
        memory_free=news.memory_free, cpu_permille=news.cpu_permille, last_contact_at=timezone.now()
    )
    announce(("node", str(news.node)))


def _machine_seen(news: MachineSeen) -> None:
    vm = adopt(news)
    if vm is None:
        return
    if news.description is not None:
        write_description(vm, news.description)
    changed = _note_trouble(vm, news)
    if vm.observe(news.machine.power, news.machine.reason):
        _forget_what_ended_with_the_power(vm, news.machine.power)
        follow(vm, news.machine.power, news.machine.reason)
    elif changed or news.description is not None:
        wake(vm.uuid)
        settle(vm.uuid)


def _note_trouble(vm: Vm, news: MachineSeen) -> bool:
    """The evidence beside a pause or a crash. True if it is news."""
    errors = [{"disk": error.target, "no_space": error.no_space} for error in news.disk_errors]
    seen: dict[str, Any] = {"disk_errors": errors, "last_log_lines": news.log_lines}
    changes = {name: value for name, value in seen.items() if getattr(vm, name) != value}
    if changes:
        Vm.objects.filter(pk=vm.pk).update(**changes)
    return bool(changes)


def _forget_what_ended_with_the_power(vm: Vm, power: Power) -> None:
    if power not in HAS_PROCESS:
        Vm.objects.filter(pk=vm.pk).update(agent_used_to_answer=False, agent_silent_checks=0, watchdog_fired=False)


def _all_listed(news: AllListed) -> None:
    missing = Vm.objects.filter(node=news.node, gone_at=None, deleted_at=None).exclude(pk__in=news.uuids)
    being_deleted = Operation.objects.filter(action=Action.DELETE, finished_at=None).values("vm")
    for vm in missing.exclude(pk__in=being_deleted):
        mark_gone(vm)
    Node.objects.filter(pk=news.node).update(last_contact_at=timezone.now())


def _happened(news: Happened) -> None:
    vm = Vm.objects.filter(pk=news.uuid, node=news.node).first()
    if vm is None:
        return
    Event.objects.create(what=_WHAT[news.happening], vm=vm, node_id=news.node)
    consequences = _CONSEQUENCES.get(news.happening)
    if consequences:
        Vm.objects.filter(pk=vm.pk).update(**consequences)
    settle(vm.uuid)


_WHAT: Mapping[Happening, What] = {
    Happening.IO_ERROR: What.IO_ERROR,
    Happening.WATCHDOG: What.WATCHDOG,
    Happening.REBOOTED: What.REBOOTED,
}

_CONSEQUENCES: Mapping[Happening, Mapping[str, Any]] = {
    Happening.WATCHDOG: {"watchdog_fired": True},
    Happening.REBOOTED: {"watchdog_fired": False, "agent_used_to_answer": False, "agent_silent_checks": 0},
}


def _job_progressed(news: JobProgressed) -> None:
    job = Operation.objects.filter(vm=news.uuid, slot=Slot.JOB, finished_at=None).first()
    if job is None:
        return
    if news.progress is None:
        wake(news.uuid)  # the job has ended, or not begun yet: whoever waits for it looks
        return
    if news.progress.total <= 0:
        return  # it has not found out yet how much there is to do
    permille = round(10 * percent(news.progress.done, news.progress.total))
    if job.permille is None or permille > job.permille:
        Operation.objects.filter(pk=job.pk).update(permille=permille)
        announce(("vm", str(news.uuid)), ("operation", str(job.pk)))


def _agent_asked(news: AgentAsked) -> None:
    vm = Vm.objects.filter(pk=news.uuid, node=news.node, power=Power.RUNNING).first()
    if vm is None:
        return
    silent = 0 if news.answered else min(vm.agent_silent_checks + 1, SILENT_CHECKS_MEAN_FROZEN)
    changes = {"agent_silent_checks": silent, "agent_used_to_answer": vm.agent_used_to_answer or news.answered}
    if all(getattr(vm, name) == value for name, value in changes.items()):
        return
    Vm.objects.filter(pk=vm.pk).update(**changes)
    if vm.agent_used_to_answer and silent == SILENT_CHECKS_MEAN_FROZEN:
        Event.objects.create(what=What.FROZE, vm=vm, node_id=news.node)
    settle(vm.uuid)


_RECORDERS: Mapping[type[News], Callable[[Any], None]] = {
    NodeFound: _node_found,
    NodeLost: _node_lost,
    NodeUse: _node_use,
    MachineSeen: _machine_seen,
    AllListed: _all_listed,
    Happened: _happened,
    JobProgressed: _job_progressed,
    AgentAsked: _agent_asked,
}
