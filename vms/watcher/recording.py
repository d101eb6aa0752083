"""News in, rows out. One function for each kind of news; each may be run twice without harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from vms.models import Node, Operation, Vm
from vms.operations.announcing import announce
from vms.operations.definitions import Reading, write_readings
from vms.operations.following import follow, wake
from vms.operations.settling import settle, settle_node, settled_together
from vms.operations.telling import tell, told_together
from vms.rules.actions import Slot
from vms.rules.events import Happening
from vms.rules.kinds import Link
from vms.rules.power import HAS_PROCESS, RUNS_ELSEWHERE, Power, Wanted
from vms.rules.progress import percent
from vms.rules.status import SILENT_CHECKS_MEAN_FROZEN
from vms.rules.timeline import What
from vms.watcher.adopting import adopt, write_description
from vms.watcher.doubles import doubled_at, is_moving
from vms.watcher.news import (
    AgentAsked,
    AllListed,
    DisksMeasured,
    GuestSeen,
    Happened,
    JobProgressed,
    MachineMissing,
    MachineSeen,
    News,
    NodeFound,
    NodeLost,
    NodeUse,
    StorageSeen,
)
from vms.watcher.recording_details import disks_measured, forget_addresses, guest_seen
from vms.watcher.recording_missing import all_listed, machine_missing
from vms.watcher.recording_storage import storage_seen


@transaction.atomic
def record(*news: News) -> None:
    """All or nothing, in this order. Many at once cost less than each alone."""
    with settled_together(), told_together():
        for kind, some in groupby(news, type):
            _RECORDERS[kind](list(some))


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
        tell(What.NODE_FOUND, node)
    settle_node(node)
    settle(*doubled_at(node.pk))


def _node_lost(news: NodeLost) -> None:
    node = Node.objects.filter(pk=news.node).first()
    if node is not None and node.lost(timezone.now(), news.problem, news.evidence):
        tell(What.NODE_LOST, node, {"problem": news.problem})
        settle_node(node)
        settle(*doubled_at(node.pk))


def _node_use(news: NodeUse) -> None:
    Node.objects.filter(pk=news.node).update(
        memory_free=news.memory_free, cpu_permille=news.cpu_permille, last_contact_at=timezone.now()
    )
    announce(("node", str(news.node)))


def _machines_seen(seen: Sequence[MachineSeen]) -> None:
    """Most of them are told in a look at everything, as they are known: these cost one query together."""
    known = Vm.objects.in_bulk([news.machine.uuid for news in seen])
    readings: dict[UUID, Reading] = {}
    for news in seen:
        # Once only: after the first news the row may be another.
        vm = known.pop(news.machine.uuid, None) or Vm.objects.filter(pk=news.machine.uuid).first()
        if (vm is None or not _is_known(news, vm)) and _machine_seen(news, vm) and news.reading:
            readings[news.machine.uuid] = news.reading
    if readings:
        write_readings(readings)


def _is_known(news: MachineSeen, vm: Vm) -> bool:
    told = (news.node, None, None, news.machine.power, news.machine.reason)
    nothing_new = told == (vm.node_id, vm.gone_at, vm.deleted_at, vm.power, vm.power_reason)
    return nothing_new and not _is_read_anew(news) and not _trouble_that_is_news(vm, news)


def _is_read_anew(news: MachineSeen) -> bool:
    return news.description is not None or news.reading is not None


def _machine_seen(news: MachineSeen, known: Vm | None) -> bool:
    """False if it belongs to another node for now, or is no more."""
    vm = adopt(news, known)
    if vm is None or (news.machine.reason in RUNS_ELSEWHERE and is_moving(vm)):
        wake(news.machine.uuid)
        return False
    if news.description is not None:
        digest = news.reading.digest if news.reading else ""
        write_description(vm, news.description, news.asked_at, digest=digest)
    changed = _note_trouble(vm, news)
    if vm.observe(news.machine.power, news.machine.reason):
        _note_the_start(vm, news)
        _forget_what_ended_with_the_power(vm, news.machine.power)
        follow(vm, news.machine.power, news.machine.reason)
    elif changed or _is_read_anew(news):
        wake(vm.uuid)
        settle(vm.uuid)
    return True


def _note_trouble(vm: Vm, news: MachineSeen) -> bool:
    """The evidence beside a pause or a crash. True if it is news."""
    changes = _trouble_that_is_news(vm, news)
    if changes:
        Vm.objects.filter(pk=vm.pk).update(**changes)
    return bool(changes)


def _trouble_that_is_news(vm: Vm, news: MachineSeen) -> dict[str, Any]:
    errors = [{"disk": error.target, "no_space": error.no_space} for error in news.disk_errors]
    seen: dict[str, Any] = {"disk_errors": errors, "last_log_lines": news.log_lines}
    return {name: value for name, value in seen.items() if getattr(vm, name) != value}


def _note_the_start(vm: Vm, news: MachineSeen) -> None:
    """Known only if it was seen. vm: as it was before. A guest that was held for a job begins when it is let go."""
    was_held = vm.power == Power.PAUSED and vm.wanted == Wanted.OFF
    if (vm.power == Power.OFF or was_held) and news.machine.power in HAS_PROCESS:
        Vm.objects.filter(pk=vm.pk).update(started_at=news.asked_at if news.happened else None)


def _forget_what_ended_with_the_power(vm: Vm, power: Power) -> None:
    if power in HAS_PROCESS:
        return
    Vm.objects.filter(pk=vm.pk).update(
        agent_used_to_answer=False, agent_silent_checks=0, watchdog_fired=False, started_at=None
    )
    forget_addresses(vm)


def _happened(news: Happened) -> None:
    vm = Vm.objects.filter(pk=news.uuid, node=news.node).first()
    if vm is None:
        return
    tell(_WHAT[news.happening], vm)
    consequences = _CONSEQUENCES.get(news.happening)
    if consequences:
        Vm.objects.filter(pk=vm.pk).update(**consequences)
    if news.happening is Happening.REBOOTED:
        Vm.objects.filter(pk=vm.pk).update(started_at=timezone.now())
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
    done = job.bytes_before + news.progress.done
    total = max(job.bytes_total, job.bytes_before + news.progress.total)
    changes = {
        "permille": max(job.permille or 0, round(10 * percent(done, total))),
        "bytes_left": max(0, total - done),
        "bytes_per_second": news.bytes_per_second,
    }
    if any(getattr(job, name) != value for name, value in changes.items()):
        Operation.objects.filter(pk=job.pk).update(**changes)
        announce(("vm", str(news.uuid)), ("operation", str(job.pk)), *_origin_of(news.uuid))


def _origin_of(vm: UUID) -> list[tuple[str, str]]:
    """What is shown of a machine shows also how far those are that still need its disks."""
    origins = Vm.objects.filter(pk=vm, origin__isnull=False).exclude(link=Link.NONE)
    return [("vm", str(origin)) for origin in origins.values_list("origin_id", flat=True)]


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
        tell(What.FROZE, vm)
    settle(vm.uuid)


def _each(write: Callable[[Any], None]) -> Callable[[list[Any]], None]:
    def write_all(news: list[Any]) -> None:
        for item in news:
            write(item)

    return write_all


_RECORDERS: Mapping[type[News], Callable[[list[Any]], None]] = {
    NodeFound: _each(_node_found),
    NodeLost: _each(_node_lost),
    NodeUse: _each(_node_use),
    MachineSeen: _machines_seen,
    MachineMissing: _each(machine_missing),
    AllListed: _each(all_listed),
    Happened: _each(_happened),
    JobProgressed: _each(_job_progressed),
    AgentAsked: _each(_agent_asked),
    GuestSeen: _each(guest_seen),
    DisksMeasured: _each(disks_measured),
    StorageSeen: _each(storage_seen),
}
