"""Files as people upload them: just enough of each format to be told apart, good ones and hostile ones."""

from __future__ import annotations

import struct

MIB = 1024 * 1024
RAW = bytes(MIB)


def iso(size: int = 64 * 1024) -> bytes:
    content = bytearray(size)
    content[32769:32774] = b"CD001"
    return bytes(content)


def qcow2(
    *,
    version: int = 3,
    below: tuple[int, int] = (0, 0),
    cluster_bits: int = 16,
    capacity: int = MIB,
    encryption: int = 0,
    features: int = 0,
) -> bytes:
    """A header alone. below: place and length of the name of the image below it."""
    start = struct.pack(">4sIQIIQI", b"QFI\xfb", version, *below, cluster_bits, capacity, encryption)
    return start.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(432)
