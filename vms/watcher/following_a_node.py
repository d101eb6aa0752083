"""One thread for each node: listens, asks again where something happened, and looks at everything now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from uuid import UUID

from vms.hypervisor.contract import Hypervisor, JobProgress
from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Node
from vms.operations.reaching import listen_to, reach
from vms.rules.events import ConnectionLost, Happening, MachineEvent, NodeEvent
from vms.watcher.looking import Lookout
from vms.watcher.measuring import CpuMeter, DiskMeter, SpeedMeter
from vms.watcher.news import DisksMeasured, Happened, JobProgressed, News, NodeFound, NodeLost, NodeUse
from vms.watcher.timetable import Timetable

FULL_LOOK_SECONDS = 60.0
A_PART_AGAIN_SECONDS = 30.0
USE_SECONDS = 10.0
JOBS_SECONDS = 1.0
PAUSE_AFTER_LOSS_SECONDS = 2.0

CHANGES_THE_DEFINITION = frozenset({Happening.DEFINITION_CHANGED, Happening.DEVICES_CHANGED})
CHANGES_WHAT_IT_IS_NOW = frozenset(
    {Happening.POWER_CHANGED, Happening.MEMORY_CHANGED, Happening.JOB_CHANGED}  # a merge gives it another image
)
CHANGES_THE_GUEST = CHANGES_THE_DEFINITION | {
    *(Happening.POWER_CHANGED, Happening.AGENT_CHANGED, Happening.REBOOTED),
}
WORTH_A_LINE = frozenset({Happening.IO_ERROR, Happening.WATCHDOG, Happening.REBOOTED})

logger = logging.getLogger(__name__)


class NodeFollower(Thread):
    """Tells `news` all that happens on one node until it is told to stop.

    Asked every second: vms_with_jobs, which machines of the node have a job whose progress people watch; vms_of_others,
    which machines that belong to other nodes it knows too, so that what they are is at hand should they come here.
    """

    def __init__(
        self,
        node: Node,
        tell: Callable[[News], None],
        vms_with_jobs: Callable[[], Iterable[UUID]],
        vms_of_others: Callable[[], Iterable[UUID]] = tuple,
    ) -> None:
        super().__init__(name=f"node-{node.name}", daemon=True)
        self.node = node
        self._tell = tell
        self._vms_with_jobs = vms_with_jobs
        self._vms_of_others = vms_of_others
        self._told_to_stop = Event()
        self.lookout: Lookout | None = None
        self._cpu, self._disks, self._speed = CpuMeter(), DiskMeter(), SpeedMeter()

    def stop(self) -> None:
        self._told_to_stop.set()

    def run(self) -> None:
        while not self._told_to_stop.is_set():
            try:
                self._follow()
            except HypervisorError as error:
                logger.warning("node %s lost: %s", self.node.name, error)
                problem = error.problem if isinstance(error, NodeUnreachable) else NodeUnreachable.problem
                self._tell(NodeLost(self.node.pk, problem, str(error)))
            self.lookout = None
            self._told_to_stop.wait(PAUSE_AFTER_LOSS_SECONDS)

    def _follow(self) -> None:
        """Listen first, then compare, so that nothing falls between. Ends when told to stop or the node is lost."""
        events = listen_to(self.node)
        hypervisor = reach(self.node)
        self._tell(NodeFound(self.node.pk, hypervisor.info()))
        lookout = Lookout(self.node, hypervisor)
        self._cpu, self._disks, self._speed = CpuMeter(), DiskMeter(), SpeedMeter()
        timetable = Timetable(
            {
                FULL_LOOK_SECONDS: lambda: self._tell_all(lookout.everything()),
                A_PART_AGAIN_SECONDS: lambda: self._tell_all(lookout.a_part_again()),
                USE_SECONDS: lambda: self._measure(hypervisor, lookout),
                JOBS_SECONDS: lambda: self._every_second(hypervisor, lookout),
            },
            now=monotonic(),
        )
        self.lookout = lookout
        while not self._told_to_stop.is_set():
            timetable.do_what_is_due(monotonic())
            self._listen(events, lookout, seconds=timetable.seconds_to_next(monotonic()))

    def _listen(self, events: SimpleQueue[NodeEvent], lookout: Lookout, *, seconds: float) -> None:
        try:
            event = events.get(timeout=seconds)
        except Empty:
            return
        for happened in (event, *_waiting_in(events)):
            self._react(happened, lookout)

    def _react(self, event: NodeEvent, lookout: Lookout) -> None:
        if isinstance(event, ConnectionLost):
            raise NodeUnreachable(f"the connection to {self.node.name} was closed")
        self._note_what_is_to_be_read(event, lookout)
        if event.happening is Happening.UNDEFINED:
            self._tell_all(lookout.everything())
            return
        if event.happening in WORTH_A_LINE:
            self._tell(Happened(self.node.pk, event.uuid, event.happening))
        self._tell_all(lookout.one(event.uuid))
        if event.happening in CHANGES_THE_GUEST:
            lookout.woken.put(event.uuid)

    def _note_what_is_to_be_read(self, event: MachineEvent, lookout: Lookout) -> None:
        if event.happening in CHANGES_THE_DEFINITION:
            lookout.forget(event.uuid)
            self._disks.forget(event.uuid)
        if event.happening in CHANGES_WHAT_IT_IS_NOW:
            lookout.doubt(event.uuid)

    def _measure(self, hypervisor: Hypervisor, lookout: Lookout) -> None:
        with self._minor_trouble():
            info, stats = hypervisor.info(), hypervisor.stats()
            share = self._cpu.permille(stats, info.cpus, monotonic())
            self._tell(NodeUse(self.node.pk, info.memory_free, share))
            described = [machine for machine in stats if lookout.knows(machine.uuid)]
            for uuid, sizes in self._disks.news(described):
                self._tell(DisksMeasured(self.node.pk, uuid, sizes))

    def _every_second(self, hypervisor: Hypervisor, lookout: Lookout) -> None:
        for uuid in self._vms_of_others():
            lookout.tell_again(uuid)
        self._look_at_jobs(hypervisor)

    def _look_at_jobs(self, hypervisor: Hypervisor) -> None:
        with_jobs = list(self._vms_with_jobs())
        self._speed.keep_only(with_jobs)
        for uuid in with_jobs:
            with self._minor_trouble():
                self._tell(self._job_of(uuid, hypervisor.job_progress(uuid)))

    def _job_of(self, uuid: UUID, progress: JobProgress | None) -> JobProgressed:
        speed = self._speed.bytes_per_second(uuid, progress, monotonic()) if progress else None
        return JobProgressed(self.node.pk, uuid, progress, speed)

    @contextmanager
    def _minor_trouble(self) -> Iterator[None]:
        """A refusal that concerns a number or one machine does not make the node a lost one."""
        try:
            yield
        except NodeUnreachable:
            raise
        except HypervisorError as error:
            logger.warning("node %s: %s", self.node.name, error)

    def _tell_all(self, news: Iterable[News]) -> None:
        for item in news:
            self._tell(item)


def _waiting_in(events: SimpleQueue[NodeEvent]) -> list[NodeEvent]:
    """What else has arrived, each once: a burst of the same event needs one look."""
    waiting: dict[NodeEvent, None] = {}
    while not events.empty():
        waiting[events.get()] = None
    return list(waiting)
