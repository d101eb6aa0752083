"""Keeps a worker's hold on its operations for as long as it lives, and no longer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Event, Lock, Thread, get_ident

from django.db import Error, connections

from vms.models import Operation

LEASE_SECONDS = 15.0
HEARTBEAT_SECONDS = 4.0


def my_name() -> str:
    """Who holds a lease: this thread of this process."""
    return f"{my_process()}:{get_ident()}"


def my_process() -> str:
    return f"{socket.gethostname()[:30]}:{os.getpid()}"


@contextmanager
def kept_alive(operation: Operation) -> Iterator[None]:
    """While this lasts, the operation's lease is renewed from another thread, however long a step takes."""
    heart = _heart(os.getpid())
    heart.add(operation)
    try:
        yield
    finally:
        heart.remove(operation)


class _Heart:
    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[int, str] = {}
        Thread(target=self._beat, name="lease-heartbeat", daemon=True).start()

    def add(self, operation: Operation) -> None:
        with self._lock:
            self._held[operation.pk] = operation.lease_owner

    def remove(self, operation: Operation) -> None:
        with self._lock:
            self._held.pop(operation.pk, None)

    def _beat(self) -> None:
        pause = Event()
        while not pause.wait(HEARTBEAT_SECONDS):
            with self._lock:
                held = dict(self._held)
            for pk, owner in held.items():
                _renew(pk, owner)
            connections.close_all()


def _renew(pk: int, owner: str) -> None:
    try:
        Operation(pk=pk, lease_owner=owner).renew(seconds=LEASE_SECONDS)
    except (Error, Operation.DoesNotExist):
        return  # the next beat tries again; a lease that runs out is noticed by recovering


@cache
def _heart(_process: int) -> _Heart:
    return _Heart()
