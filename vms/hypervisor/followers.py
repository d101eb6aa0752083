"""Those who follow one node over one connection: each has a queue, and stops by letting go of it."""

from queue import SimpleQueue
from threading import Lock
from weakref import ref

from vms.rules.events import ConnectionLost, NodeEvent

Events = SimpleQueue[NodeEvent]


class Followers:
    """Telling takes no lock and calls nobody, so that libvirt's event thread may do it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queues: tuple[ref[Events], ...] = ()
        self._ended = False

    def add(self) -> Events:
        events: Events = SimpleQueue()
        with self._lock:
            self._queues = (*self._living(), ref(events))
            if self._ended:
                events.put(ConnectionLost())
        return events

    def tell(self, event: NodeEvent) -> None:
        for queue in self._queues:
            if (events := queue()) is not None:
                events.put(event)

    def end(self) -> None:
        """The connection is gone: the last word, said once."""
        with self._lock:
            if not self._ended:
                self.tell(ConnectionLost())
            self._ended = True

    def anybody(self) -> bool:
        return bool(self._living())

    def _living(self) -> tuple[ref[Events], ...]:
        return tuple(queue for queue in self._queues if queue() is not None)
