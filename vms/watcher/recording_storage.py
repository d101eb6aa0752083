"""What is written down of a node's storage and networks, for those who choose where a machine is made."""

from __future__ import annotations

from posixpath import normpath

from django.conf import settings

from vms.hypervisor import contract
from vms.models import Network, Node, StoragePool
from vms.watcher.news import StorageSeen


def storage_seen(news: StorageSeen) -> None:
    node = Node.objects.filter(pk=news.node).first()
    if node is None:
        return
    Node.objects.filter(pk=node.pk).exclude(offers_kvm=news.offers_kvm).update(offers_kvm=news.offers_kvm)
    for pool in news.pools:
        StoragePool.objects.update_or_create(node=node, name=pool.name[:255], defaults=_values_of(pool))
    node.storage_pools.exclude(name__in=[pool.name[:255] for pool in news.pools]).delete()
    for name in news.networks:
        Network.objects.get_or_create(node=node, name=name[:255])
    node.networks.exclude(name__in=[name[:255] for name in news.networks]).delete()


def _values_of(pool: contract.StoragePool) -> dict[str, object]:
    return {
        "folder": pool.folder,
        "capacity": pool.capacity,
        "free": pool.free,
        "shared": pool.over_network or (bool(pool.folder) and normpath(pool.folder) in _shared_folders()),
    }


def _shared_folders() -> frozenset[str]:
    return frozenset(normpath(folder) for folder in settings.SHARED_FOLDERS)
