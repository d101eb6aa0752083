"""A thread for each node that asks guest agents for a sign of life: a guest that hangs makes only this thread wait."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from uuid import UUID

from django.conf import settings

from vms.hypervisor.errors import HypervisorError
from vms.operations.reaching import reach
from vms.watcher.following_a_node import NodeFollower
from vms.watcher.news import AgentAsked, News

ANSWER_WITHIN_SECONDS = 3


class AgentAsker(Thread):
    def __init__(self, follower: NodeFollower, tell: Callable[[News], None]) -> None:
        super().__init__(name=f"agents-{follower.node.name}", daemon=True)
        self._follower = follower
        self._tell = tell
        self._told_to_stop = Event()

    def stop(self) -> None:
        self._told_to_stop.set()

    def run(self) -> None:
        while not self._told_to_stop.wait(settings.AGENT_CHECK_SECONDS):
            lookout = self._follower.lookout
            if lookout is not None:
                self._ask(sorted(lookout.running_with_agent))

    def _ask(self, uuids: list[UUID]) -> None:
        node = self._follower.node
        for uuid in uuids:
            try:
                answered = reach(node).agent_answers(uuid, seconds=ANSWER_WITHIN_SECONDS)
            except HypervisorError:
                continue  # the follower notices a lost node, and a machine that went away
            if answered is not None:
                self._tell(AgentAsked(node.pk, uuid, answered))
