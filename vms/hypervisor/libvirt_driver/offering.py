"""What a node offers to machines: storage, networks, KVM."""

from contextlib import suppress
from typing import cast

import libvirt
from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.contract import StoragePool
from vms.hypervisor.libvirt_driver.volumes import active_pools, look_again

_OF_FILES = frozenset({"dir", "fs", "netfs", "vstorage"})
_OVER_NETWORK = frozenset({"netfs", "vstorage", "gluster", "rbd", "sheepdog", "iscsi", "iscsi-direct"})


def pools_of(connection: libvirt.virConnect) -> list[StoragePool]:
    return [_pool(pool) for pool in active_pools(connection)]


def networks_of(connection: libvirt.virConnect) -> list[str]:
    return [network.name() for network in connection.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)]


def offers_kvm(connection: libvirt.virConnect) -> bool:
    """For machines of the node's own architecture."""
    capabilities = etree.fromstring(connection.getCapabilities().encode())
    arch = capabilities.findtext("host/cpu/arch") or ""
    return any(_is_for_kvm(found) for found in capabilities.iterfind("guest/arch") if found.get("name") == arch)


def _pool(pool: libvirt.virStoragePool) -> StoragePool:
    """What guests write changes what is free, and a pool notices only when it looks."""
    with suppress(libvirt.libvirtError):  # its last look is better than nothing
        look_again(pool)
    root = etree.fromstring(pool.XMLDesc().encode())
    kind = root.get("type", "")
    _state, capacity, _allocation, free = cast("tuple[int, int, int, int]", pool.info())
    folder = root.findtext("target/path") if kind in _OF_FILES else ""
    return StoragePool(pool.name(), folder or "", capacity, free, over_network=kind in _OVER_NETWORK)


def _is_for_kvm(arch: Element) -> bool:
    return arch.find("domain[@type='kvm']") is not None
