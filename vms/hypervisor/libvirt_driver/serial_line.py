"""A libvirt stream made into a socket, so that whoever reads a serial port needs to know no libvirt.

Everything between the two happens in libvirt's event thread, and nothing there waits: what one side does not take yet
is kept, and no more is read from the other side until it has.
"""

from __future__ import annotations

from contextlib import suppress
from socket import socket, socketpair
from threading import Lock, Thread

import libvirt

MOST_AT_ONCE = 64 * 1024
_READ, _WRITE = libvirt.VIR_STREAM_EVENT_READABLE, libvirt.VIR_STREAM_EVENT_WRITABLE
_END = libvirt.VIR_STREAM_EVENT_ERROR | libvirt.VIR_STREAM_EVENT_HANGUP
"""The same numbers as for files, which are watched by the same loop."""


def serial_line(stream: libvirt.virStream) -> socket:
    """stream: open, and of the kind that does not block. It is ended when the socket is closed, and the other way."""
    ours, theirs = socketpair()
    SerialLine(stream, ours).begin()
    return theirs


class SerialLine:
    """Kept alive by the loop that calls it, until it is over."""

    def __init__(self, stream: libvirt.virStream, ours: socket) -> None:
        ours.settimeout(0)
        self._stream, self._ours = stream, ours
        self._for_person = b""
        self._for_machine = b""
        self._watch = -1
        self._is_over = False
        self._turn = Lock()

    def begin(self) -> None:
        with self._turn:
            self._watch = libvirt.virEventAddHandle(self._ours.fileno(), 0, self._on_person, None)
            self._stream.eventAddCallback(_END, self._on_machine, None)
            self._listen()

    def _on_person(self, _watch: int, _file: int, events: int, _opaque: None) -> None:
        with self._turn:
            if not self._is_over and self._person_goes_on(events):
                self._listen()

    def _on_machine(self, _stream: libvirt.virStream, events: int, _opaque: None) -> None:
        with self._turn:
            if not self._is_over and self._machine_goes_on(events):
                self._listen()

    def _person_goes_on(self, events: int) -> bool:
        try:
            if events & _WRITE:
                self._give_person()
            if events & _READ:
                self._for_machine = self._ours.recv(MOST_AT_ONCE)
                return self._give_machine() if self._for_machine else self._end()
        except BlockingIOError:
            return True
        except OSError:
            return self._end()
        return self._end() if events & _END else True

    def _machine_goes_on(self, events: int) -> bool:
        try:
            if events & _WRITE:
                self._give_machine()
            if events & _READ:
                return self._take_from_machine()
        except (libvirt.libvirtError, OSError):
            return self._end()
        return self._end() if events & _END else True

    def _take_from_machine(self) -> bool:
        """libvirt answers with a number where there is nothing to read yet."""
        found = self._stream.recv(MOST_AT_ONCE)
        if not isinstance(found, bytes):
            return True
        self._for_person = found
        self._give_person()
        return bool(found) or self._end()

    def _give_person(self) -> None:
        with suppress(BlockingIOError):
            self._for_person = self._for_person[self._ours.send(self._for_person) :] if self._for_person else b""

    def _give_machine(self) -> bool:
        """False if that was its end."""
        try:
            sent = self._stream.send(self._for_machine) if self._for_machine else 0
        except libvirt.libvirtError:
            return self._end()
        self._for_machine = self._for_machine[max(sent, 0) :]
        return True

    def _listen(self) -> None:
        """To a side only while the other has taken what came from it before."""
        of_person = (0 if self._for_machine else _READ) | (_WRITE if self._for_person else 0)
        of_machine = (0 if self._for_person else _READ) | (_WRITE if self._for_machine else 0)
        libvirt.virEventUpdateHandle(self._watch, of_person)
        self._stream.eventUpdateCallback(of_machine | _END)

    def _end(self) -> bool:
        self._is_over = True
        libvirt.virEventRemoveHandle(self._watch)
        with suppress(libvirt.libvirtError):
            self._stream.eventRemoveCallback()
        self._ours.close()
        # the node is asked to let go, and may take its time to answer: not in the thread that hears all nodes
        Thread(target=_abort, args=(self._stream,), name="libvirt-console-end", daemon=True).start()
        return False


def _abort(stream: libvirt.virStream) -> None:
    with suppress(libvirt.libvirtError):
        stream.abort()
