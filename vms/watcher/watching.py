"""Keeps a follower for every node of the database, and writes down what they all tell."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError, close_old_connections

from vms.models import Double, Heartbeat, Node, Operation
from vms.rules.actions import Action, Slot
from vms.watcher.asking_agents import AgentAsker
from vms.watcher.following_a_node import NodeFollower
from vms.watcher.news import News
from vms.watcher.recording import record

LOOK_AT_NODES_SECONDS = 2.0
LOOK_AT_JOBS_SECONDS = 1.0
PATIENCE_WITH_DATABASE_SECONDS = 1.0
GATHER_SECONDS = 0.03
MOST_NEWS_AT_ONCE = 50
"""Others who write wait for so long as these take."""

logger = logging.getLogger(__name__)


class Watcher:
    """Runs in the calling thread, which alone writes to the database, until stop() is called from elsewhere."""

    def __init__(self) -> None:
        self._news: SimpleQueue[News] = SimpleQueue()
        self._followers: dict[tuple[int, str, str], tuple[NodeFollower, AgentAsker]] = {}
        self._jobs: dict[int, list[UUID]] = {}
        self._doubled: dict[int, list[UUID]] = {}
        self._told_to_stop = Event()
        self._nodes_due = self._jobs_due = 0.0

    def stop(self) -> None:
        self._told_to_stop.set()

    def run(self) -> None:
        while not self._told_to_stop.is_set():
            try:
                self._round()
            except Error as error:
                logger.warning("the database does not answer, trying again: %s", error)
                self._told_to_stop.wait(PATIENCE_WITH_DATABASE_SECONDS)
                close_old_connections()
        self._follow_just(())

    def _round(self) -> None:
        now = monotonic()
        if now >= self._jobs_due:
            self._jobs_due = now + LOOK_AT_JOBS_SECONDS
            self._look_at_jobs()
        if now >= self._nodes_due:
            self._nodes_due = now + LOOK_AT_NODES_SECONDS
            self._follow_just(list(Node.objects.all()))
            Heartbeat.beat("watcher")
        self._write_what_waits()

    def _write_what_waits(self) -> None:
        """A burst is gathered and written together; news that come alone wait for nothing."""
        news = self._gathered()
        if news:
            self._write(*news)
        if 0 < len(news) < MOST_NEWS_AT_ONCE:
            self._told_to_stop.wait(GATHER_SECONDS)

    def _gathered(self) -> list[News]:
        gathered: list[News] = []
        try:
            gathered.append(self._news.get(timeout=0.5))
            while len(gathered) < MOST_NEWS_AT_ONCE:
                gathered.append(self._news.get_nowait())
        except Empty:
            pass  # that was all
        return gathered

    def _write(self, *news: News) -> None:
        """However long the database is away, what happened is not forgotten. News that cannot be written at all is
        left out: the next full look tells it again, and one machine must not stop the news of all others."""
        while not self._told_to_stop.is_set():
            try:
                record(*news)
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, keeping the news: %s", error)
                self._told_to_stop.wait(PATIENCE_WITH_DATABASE_SECONDS)
                close_old_connections()
            except Exception:
                if len(news) > 1:
                    self._write_one_by_one(news)
                else:
                    logger.exception("news left out: %r", news)
                return
            else:
                return

    def _write_one_by_one(self, news: Sequence[News]) -> None:
        for item in news:
            self._write(item)

    def _look_at_jobs(self) -> None:
        jobs: dict[int, list[UUID]] = {}
        under_way = Operation.objects.filter(slot=Slot.JOB, finished_at=None)
        measured = under_way.exclude(action=Action.MIGRATE)  # its own steps measure it, at both nodes
        for node, vm in measured.values_list("vm__node_id", "vm_id"):
            jobs.setdefault(node, []).append(vm)
        doubled: dict[int, list[UUID]] = {}
        for node, vm in Double.objects.values_list("node_id", "vm_id"):
            doubled.setdefault(node, []).append(vm)
        self._jobs, self._doubled = jobs, doubled

    def _follow_just(self, nodes: Collection[Node]) -> None:
        wanted = {(node.pk, node.uri, node.log_directory): node for node in nodes}
        dead = {key for key, threads in self._followers.items() if not all(thread.is_alive() for thread in threads)}
        for key in dead | (self._followers.keys() - wanted.keys()):
            for thread in self._followers.pop(key):
                thread.stop()
        for key in wanted.keys() - self._followers.keys():
            self._followers[key] = self._start(wanted[key])

    def _start(self, node: Node) -> tuple[NodeFollower, AgentAsker]:
        follower = NodeFollower(
            node,
            self._news.put,
            lambda: self._jobs.get(node.pk, ()),
            lambda: self._doubled.get(node.pk, ()),
        )
        asker = AgentAsker(follower, self._news.put)
        follower.start()
        asker.start()
        return follower, asker
