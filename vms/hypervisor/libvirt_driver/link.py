"""One open connection: watched by keepalive, closed without a trace."""

import ctypes
from contextlib import suppress
from threading import Lock

import libvirt

from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.followers import Events, Followers
from vms.hypervisor.libvirt_driver import callbacks
from vms.hypervisor.libvirt_driver.patience import Patience

KEEPALIVE_SECONDS = 5
KEEPALIVES_UNANSWERED = 3


class Link:
    """Whoever is in a call holds the connection itself; so closing never takes it away from under a running call."""

    def __init__(self, connection: libvirt.virConnect) -> None:
        self._connection: libvirt.virConnect | None = connection
        self.patience = Patience()
        self._followers = Followers()
        self._callbacks: tuple[int, ...] = ()
        self._listening = Lock()
        self._broken = False
        with suppress(libvirt.libvirtError):  # a driver inside this process has nothing to keep alive
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVES_UNANSWERED)
        with suppress(libvirt.libvirtError):
            connection.registerCloseCallback(callbacks.on_close, self._followers)

    @property
    def connection(self) -> libvirt.virConnect:
        if self._connection is None:
            raise NodeUnreachable("this connection was closed")
        return self._connection

    def stands(self) -> bool:
        """Asks nobody: libvirt knows whether the socket is open and keepalives were answered."""
        connection = self._connection
        if connection is None or self._broken:
            return False
        try:
            return bool(connection.isAlive())
        except libvirt.libvirtError:
            return False

    def give_up(self) -> None:
        """It broke, though the socket may not know yet."""
        self._broken = True
        self._followers.end()

    def follow(self) -> Events:
        """Raises libvirtError if the node cannot tell its events."""
        events = self._followers.add()
        with self._listening:
            if not self._callbacks:
                self._callbacks = callbacks.register(self.connection, self._followers)
        return events

    def rest(self) -> None:
        """Stop listening if the last follower has let go of its queue."""
        if not self._callbacks or self._followers.anybody():
            return
        with self._listening:
            if not self._followers.anybody():
                self._stop_listening(self.connection)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._followers.end()
        with self._listening:
            self._stop_listening(connection)
        with suppress(libvirt.libvirtError):
            connection.unregisterCloseCallback()

    def disown(self) -> None:
        """In a forked child: the connection is the parent's. It is never let go of, for that would end it there."""
        connection, self._connection = self._connection, None
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))

    def _stop_listening(self, connection: libvirt.virConnect) -> None:
        callbacks.deregister(connection, self._callbacks)
        self._callbacks = ()
