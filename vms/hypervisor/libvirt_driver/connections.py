"""The way to each node: at most one connection per process, and at most one attempt to open it.

Opening happens aside, in a thread that may hang as long as it likes; the caller does not.
"""

import os
from threading import Event, Lock, Thread
from time import monotonic

import libvirt

from vms.hypervisor.errors import HypervisorError, NodeDoesNotAnswer, NodeUnreachable
from vms.hypervisor.libvirt_driver import event_loop
from vms.hypervisor.libvirt_driver.link import Link
from vms.hypervisor.libvirt_driver.refusals import error_from_opening, require_address

OPEN_SECONDS = 10.0
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 15.0


class Attempt:
    """One try to open a connection: under way, failed, or the link it came to."""

    def __init__(self, uri: str, wait_after_failure: float, instead_of: Link | None = None) -> None:
        self._uri = uri
        self._wait = wait_after_failure
        self._predecessor = instead_of
        self._started = monotonic()
        self._ended = Event()
        self._link: Link | None = None
        self._error: HypervisorError = NodeUnreachable(uri)
        self._failed_at = 0.0
        Thread(target=self._open, name=f"libvirt-open {uri}", daemon=True).start()

    def link(self) -> Link:
        """Wait for the outcome, until OPEN_SECONDS after the start. One that hangs longer is waited for by nobody."""
        left = self._started + OPEN_SECONDS - monotonic()
        if not self._ended.wait(max(left, 0)):
            raise NodeDoesNotAnswer(f"no answer from {self._uri} within {OPEN_SECONDS:.0f} s")
        if self._link is None:
            raise type(self._error)(str(self._error))
        return self._link

    def is_over(self) -> bool:
        """Whether a new attempt is due: this one failed and its wait is over, or its link has broken since."""
        if not self._ended.is_set():
            return False
        if self._link is None:
            return monotonic() >= self._failed_at + self._wait
        return not self._link.stands()

    def next(self) -> "Attempt":
        """Waits double from failure to failure; after a link that stood they start small again."""
        wait = self._wait * 2 if self._link is None else FIRST_WAIT_SECONDS
        return Attempt(self._uri, min(wait, LONGEST_WAIT_SECONDS), instead_of=self._link)

    def disown(self) -> None:
        if self._link is not None:
            self._link.disown()

    def _open(self) -> None:
        try:
            self._close_predecessor()
            self._link = Link(libvirt.open(self._uri))
        except libvirt.libvirtError as error:
            self._error = error_from_opening(error)
        finally:
            self._failed_at = monotonic()
            self._ended.set()

    def _close_predecessor(self) -> None:
        """Here, aside, because taking leave of a node that is frozen takes its time too."""
        predecessor, self._predecessor = self._predecessor, None
        if predecessor is not None:
            predecessor.close()


_lock = Lock()
_attempts: dict[str, Attempt] = {}


def link_to(uri: str) -> Link:
    """This process's one link. NodeUnreachable or a kin of it after OPEN_SECONDS at most."""
    require_address(uri)
    event_loop.ensure_running()
    link = _attempt_at(uri).link()
    link.rest()
    return link


def _attempt_at(uri: str) -> Attempt:
    with _lock:
        attempt = _attempts.get(uri)
        if attempt is None:
            attempt = Attempt(uri, FIRST_WAIT_SECONDS)
        elif attempt.is_over():
            attempt = attempt.next()
        _attempts[uri] = attempt
        return attempt


def _leave_connections_to_parent() -> None:
    for attempt in _attempts.values():
        attempt.disown()


os.register_at_fork(after_in_child=_leave_connections_to_parent)
