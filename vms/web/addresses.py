"""A machine in an address: its UUID, as anybody may write it; or the same in 22 letters, where a page has hundreds."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from django.urls.converters import UUIDConverter

SHORT = 22
PADDING = "=="
"""What Base64 ends with if 16 bytes are in it."""


def short(uuid: UUID) -> str:
    return urlsafe_b64encode(uuid.bytes).decode().removesuffix(PADDING)


def uuid_of(text: str) -> UUID | None:
    """Of either. None if it is neither."""
    try:
        return _read(text)
    except ValueError:
        return None


def _read(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(text + PADDING)) if len(text) == SHORT else UUID(text)


class MachineConverter(UUIDConverter):
    """Reads both; addresses that are made anew have the UUID."""

    regex = rf"{UUIDConverter.regex}|[\-0-9A-Z_a-z]{{{SHORT}}}"

    def to_python(self, value: str) -> UUID:
        return _read(value)
