"""The one thread per process in which libvirt hears its nodes: events, keepalive answers, lost connections."""

import os
from threading import Lock, Thread

import libvirt

from vms.hypervisor.errors import NodeUnreachable

_lock = Lock()
_running_in: int | None = None


def ensure_running() -> None:
    """Before the first connection of a process. A process may fork before this, but not use libvirt in a child
    that was forked after it: the loop's thread and its locks do not live on there, and calls would hang."""
    global _running_in  # noqa: PLW0603 - libvirt has one event loop per process
    if _running_in == os.getpid():
        return
    if _running_in is not None:
        raise NodeUnreachable("this process was forked from one that used libvirt: start it as a new program")
    with _lock:
        if _running_in is None:
            _start()
            _running_in = os.getpid()


def _start() -> None:
    libvirt.registerErrorHandler(_keep_silent, None)
    libvirt.virEventRegisterDefaultImpl()
    Thread(target=_run, name="libvirt-events", daemon=True).start()


def _run() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _keep_silent(_context: None, _error: tuple[object, ...]) -> None:
    """Errors are raised; libvirt would also print them."""
