"""A thread for each node that asks what may take long: guests by their agents, and storage.

A guest that hangs, or storage that does, makes only this thread wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import TypeVar
from uuid import UUID

from django.conf import settings

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import HypervisorError, TimedOut, Unsupported
from vms.operations.reaching import reach
from vms.watcher.following_a_node import NodeFollower
from vms.watcher.guestbook import GuestBook
from vms.watcher.looking import Lookout
from vms.watcher.news import AgentAsked, DisksMeasured, GuestSeen, News, StorageSeen

ANSWER_WITHIN_SECONDS = 3
ROUND_SECONDS = 1.0
STORAGE_SECONDS = 30.0
MACHINES_MEASURED_IN_A_ROUND = 20

Item = TypeVar("Item")


class AgentAsker(Thread):
    def __init__(self, follower: NodeFollower, tell: Callable[[News], None]) -> None:
        super().__init__(name=f"agents-{follower.node.name}", daemon=True)
        self._follower = follower
        self._node = follower.node
        self._tell = tell
        self._told_to_stop = Event()
        self._lookout: Lookout | None = None
        self._book = GuestBook()
        self._check_due = self._storage_due = 0.0

    def stop(self) -> None:
        self._told_to_stop.set()

    def run(self) -> None:
        while not self._told_to_stop.wait(ROUND_SECONDS):
            lookout = self._follower.lookout
            if lookout is None:
                continue
            if lookout is not self._lookout:
                self._lookout, self._book, self._check_due, self._storage_due = lookout, GuestBook(), 0.0, 0.0
            try:
                self._go_round(lookout, reach(self._node))
            except HypervisorError:
                continue  # the follower notices a lost node

    def _go_round(self, lookout: Lookout, hypervisor: Hypervisor) -> None:
        woken = set(_waiting_in(lookout.woken))
        for uuid in woken:
            self._book.forget(uuid)
        for uuid in self._whom_to_ask(lookout, woken):
            self._ask(uuid, lookout, hypervisor)
        self._measure(lookout, hypervisor)
        self._look_at_storage(hypervisor)

    def _whom_to_ask(self, lookout: Lookout, woken: set[UUID]) -> list[UUID]:
        """All now and then, and at once those to whom something happened."""
        running = lookout.running_with_agent | lookout.running_on_networks
        if monotonic() < self._check_due:
            return sorted(running & woken)
        self._check_due = monotonic() + settings.AGENT_CHECK_SECONDS
        self._book.keep_only(running)
        return sorted(running)

    def _ask(self, uuid: UUID, lookout: Lookout, hypervisor: Hypervisor) -> None:
        """A machine that went away meanwhile, or does not answer in time, is asked again in the next round."""
        try:
            answers = uuid in lookout.running_with_agent and self._agent_answers(uuid, hypervisor)
            if self._book.is_due(uuid, monotonic()):
                self._tell_of_guest(uuid, lookout, hypervisor, answers=answers)
                self._book.note_asked(uuid, monotonic())
        except HypervisorError:
            return

    def _agent_answers(self, uuid: UUID, hypervisor: Hypervisor) -> bool:
        answered = hypervisor.agent_answers(uuid, seconds=ANSWER_WITHIN_SECONDS)
        if answered is not None and self._book.is_news_that_it_answers(uuid, answered=answered):
            self._tell(AgentAsked(self._node.pk, uuid, answered))
        return bool(answered)

    def _tell_of_guest(self, uuid: UUID, lookout: Lookout, hypervisor: Hypervisor, *, answers: bool) -> None:
        """What the guest says counts for more than what the networks have leased to it."""
        seen = self._by_agent(uuid, hypervisor) if answers else None
        if seen is None and uuid in lookout.running_on_networks:
            seen = GuestSeen(self._node.pk, uuid, hypervisor.leased_addresses(uuid))
        if seen is not None and self._book.is_news(seen):
            self._tell(seen)

    def _by_agent(self, uuid: UUID, hypervisor: Hypervisor) -> GuestSeen | None:
        told = hypervisor.guest(uuid, seconds=ANSWER_WITHIN_SECONDS)
        return GuestSeen(self._node.pk, uuid, told.interfaces, told.os_name, told.hostname) if told else None

    def _measure(self, lookout: Lookout, hypervisor: Hypervisor) -> None:
        """Storage that does not answer in time is asked again in the next round."""
        machines = dict(islice(_waiting_in(lookout.unmeasured), MACHINES_MEASURED_IN_A_ROUND))
        try:
            self._tell_sizes(machines, hypervisor)
        except TimedOut:
            for item in machines.items():
                lookout.unmeasured.put(item)

    def _look_at_storage(self, hypervisor: Hypervisor) -> None:
        if monotonic() < self._storage_due:
            return
        self._storage_due = monotonic() + STORAGE_SECONDS
        try:
            pools, networks = tuple(hypervisor.storage_pools()), frozenset(hypervisor.networks())
            self._tell(StorageSeen(self._node.pk, pools, networks, hypervisor.offers_kvm()))
        except (TimedOut, Unsupported):
            return  # asked again in the next round

    def _tell_sizes(self, machines: Mapping[UUID, Mapping[str, str]], hypervisor: Hypervisor) -> None:
        paths = {path for disks in machines.values() for path in disks.values()}
        sizes = hypervisor.image_sizes(paths) if paths else {}
        for uuid, disks in machines.items():
            known = {target: sizes[path] for target, path in disks.items() if path in sizes}
            if known:
                self._tell(DisksMeasured(self._node.pk, uuid, known))


def _waiting_in(queue: SimpleQueue[Item]) -> Iterator[Item]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
