"""What lies in a fake image of which nobody says what does."""

import struct

from vms.rules.images import QCOW2_MAGIC, QCOW2_START

CAPACITY = 1024**3
_CLUSTER_BITS, _CLUSTER = 12, 4096
_HEADER, _REFCOUNTS, _REFCOUNT_BLOCK, _L1 = range(0, 4 * _CLUSTER, _CLUSTER)
_L1_ENTRIES = _CLUSTER // 8


def _empty_image() -> bytes:
    """A whole qcow2 image into which nothing was written yet."""
    header = QCOW2_START.pack(QCOW2_MAGIC, 3, 0, 0, _CLUSTER_BITS, CAPACITY, 0)
    header += struct.pack(">IQQIIQ", _L1_ENTRIES, _L1, _REFCOUNTS, 1, 0, 0)
    header += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    clusters = (header, struct.pack(">Q", _REFCOUNT_BLOCK), counts, b"")
    return b"".join(cluster.ljust(_CLUSTER, b"\0") for cluster in clusters)


EMPTY_IMAGE = _empty_image()
