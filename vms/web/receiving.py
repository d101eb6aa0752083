"""A file in a form, as it arrives: straight into the store's folder, counted and summed up on the way."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from vms.operations.storing import Incoming, NoRoom


class ReceivedFile(UploadedFile):  # type: ignore[type-arg]  # it is generic for the type checker only
    """All of it has arrived."""

    def __init__(self, incoming: Incoming, name: str) -> None:
        super().__init__(name=name, size=incoming.size)
        self.incoming = incoming

    def close(self) -> None:
        """Whoever receives it also discards it."""


class Receiver(FileUploadHandler):
    """One file of one request. no_room: the disk was full; the rest was read and thrown away."""

    chunk_size = 256 * 1024

    def __init__(self, arriving: list[Incoming], request: HttpRequest) -> None:
        super().__init__(request)
        self.no_room = False
        self._arriving = arriving

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._arriving:
            raise StopUpload(connection_reset=True)
        self._arriving.append(Incoming())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            self._arriving[0].write(raw_data)
        except NoRoom:
            self._arriving[0].discard()
            self.no_room = True
            raise StopUpload(connection_reset=False) from None

    def file_complete(self, file_size: int) -> ReceivedFile | None:
        try:
            self._arriving[0].end()
        except NoRoom:
            self.no_room = True
            return None
        return ReceivedFile(self._arriving[0], self.file_name or "")
