from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from time import monotonic
from uuid import UUID

import pytest

from vms.models import Node
from vms.watcher import following_a_node
from vms.watcher.following_a_node import NodeFollower
from vms.watcher.news import News
from vms.watcher.recording import record

SOON = 5.0


class Followed:
    """A follower's thread, whose news are written down here, as the watcher does."""

    def __init__(self, node: Node) -> None:
        self.news: SimpleQueue[News] = SimpleQueue()
        self.told: list[News] = []
        self.with_jobs: list[UUID] = []
        self.of_others: list[UUID] = []
        self.thread = NodeFollower(node, self.news.put, lambda: list(self.with_jobs), lambda: list(self.of_others))
        self.thread.start()

    def until(self, so: Callable[[], object]) -> None:
        """Write news down until it is so."""
        end = monotonic() + SOON
        while not so():
            assert monotonic() < end, f"it did not come to that; last told: {self.told[-5:]}"
            try:
                news = self.news.get(timeout=0.02)
            except Empty:
                continue
            self.told.append(news)
            record(news)

    def stop(self) -> None:
        self.thread.stop()
        self.thread.join(SOON)


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Node], Followed]]:
    monkeypatch.setattr(following_a_node, "PAUSE_AFTER_LOSS_SECONDS", 0.02)
    monkeypatch.setattr(following_a_node, "JOBS_SECONDS", 0.1)
    started: list[Followed] = []

    def start(node: Node) -> Followed:
        started.append(Followed(node))
        return started[-1]

    yield start
    for followed in started:
        followed.stop()
