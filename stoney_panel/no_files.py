from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoFiles(FileUploadHandler):
    """Forms are read before anybody knows whose they are, so a file in one would fill the disk of a panel for a
    stranger. The page that takes files says so itself."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """There is none."""

    def file_complete(self, file_size: int) -> None:
        """There is none."""
