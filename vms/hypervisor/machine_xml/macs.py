"""Addresses for new interfaces."""

import secrets
from collections.abc import Collection

_BYTES = 3


def fresh_mac(taken: Collection[str]) -> str:
    """By chance, in the range that QEMU uses, and not among those taken, in whatever case they are written."""
    known = {mac.lower() for mac in taken}
    while (mac := f"52:54:00:{secrets.token_bytes(_BYTES).hex(':')}") in known:
        continue
    return mac
