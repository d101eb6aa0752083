"""Where backups go: which nodes have a target's folder, how full it is there, and what lies in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from posixpath import normpath
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Max, Sum
from django.urls import reverse

from vms import labels
from vms.models import Backup, BackupSchedule, BackupTarget, StoragePool
from vms.operations.planning import MIB
from vms.web import formats
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.node_places import PoolView, pool_view


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Place:
    """The folder as these nodes see it: several if they share it. use: how full it is, and where if there are more."""

    nodes: list[Link]
    pool: PoolView
    use: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in a target. newest: when the newest of them was made, None if there is none."""

    count: int = 0
    text: str = ""
    machines: str = ""
    size: str = ""
    newest: datetime | None = None
    newest_text: str = ""


@dataclass(frozen=True, slots=True)
class TargetView:
    """limit: as it is said, "" if there is none. warning, problem: why nothing can be made there now, in a few words
    and in full, "" if it can. backups_url: the list of what lies in it."""

    pk: str
    name: str
    url: str
    remove_url: str
    folder: str
    limit: str
    places: list[Place]
    warning: str
    problem: str
    stored: Stored
    backups_url: str
    schedules: list[Link] = field(default_factory=list)


def target_views(targets: Iterable[BackupTarget]) -> list[TargetView]:
    """Three queries, however many there are."""
    targets = list(targets)
    pools = _pools_of(targets)
    stored = _stored_in(targets)
    schedules = _schedules_of(targets)
    return [
        _target_view(each, pools[each.pk], stored.get(each.pk, Stored()), schedules.get(each.pk, []))
        for each in targets
    ]


def target_view(target: BackupTarget) -> TargetView:
    return target_views([target])[0]


def removal_question(target: TargetView) -> Confirmation:
    needed = target.stored.count or len(target.schedules)
    return Confirmation(
        title=str(labels.REMOVE_TARGET_TITLE) % {"target": target.name},
        text=str(labels.REMOVE_TARGET_TEXT) % {"folder": target.folder},
        points=[],
        disks=Fates(),
        label=str(labels.REMOVE_TARGET),
        danger=True,
        url=target.remove_url,
        cancel_url=target.url,
        key=None,
        refused=labels.target_is_needed(target.stored.count, len(target.schedules)) if needed else "",
    )


def _target_view(
    target: BackupTarget, pools: Sequence[StoragePool], stored: Stored, schedules: list[Link]
) -> TargetView:
    warning, problem = _trouble(target, pools)
    limit = target.limit or settings.BACKUP_LIMIT * MIB
    return TargetView(
        pk=str(target.pk),
        name=target.name,
        url=reverse("backups:target", args=[target.pk]),
        remove_url=reverse("backups:target_remove", args=[target.pk]),
        folder=target.folder,
        limit=formats.speed(limit) if limit else "",
        places=list(_places(pools)),
        warning=warning,
        problem=problem,
        stored=stored,
        backups_url=f"{reverse('backups:list')}?{urlencode({'target': target.name})}",
        schedules=schedules,
    )


def _trouble(target: BackupTarget, pools: Sequence[StoragePool]) -> tuple[str, str]:
    """In a few words, and in full."""
    if not pools:
        return str(labels.NO_NODE), str(labels.TARGET_WITHOUT_NODE) % {"folder": target.folder}
    if not any(pool.node.reachable for pool in pools):
        return str(labels.OUT_OF_REACH), str(labels.TARGET_OUT_OF_REACH) % {"folder": target.folder}
    return "", ""


def _places(pools: Sequence[StoragePool]) -> Iterator[Place]:
    """First the one that all with shared pools see, as a node tells that can be reached."""
    shared = sorted((pool for pool in pools if pool.shared), key=lambda pool: not pool.node.reachable)
    groups = [*([shared] if shared else []), *([pool] for pool in pools if not pool.shared)]
    for group in groups:
        nodes = sorted(map(_node_of, group), key=lambda node: node.name)
        pool = pool_view(group[0], disks=0)
        where = {"node": ", ".join(node.name for node in nodes), "use": pool.use}
        yield Place(nodes, pool, str(labels.USE_AT_NODE) % where if len(groups) > 1 else pool.use)


def _node_of(pool: StoragePool) -> Link:
    return Link(pool.node.name, reverse("nodes:page", args=[pool.node_id]))


def _pools_of(targets: Sequence[BackupTarget]) -> Mapping[int, list[StoragePool]]:
    """By the key of the target."""
    every = list(StoragePool.objects.exclude(folder="").select_related("node").order_by("node__name", "name"))
    return {each.pk: [pool for pool in every if normpath(pool.folder) == each.folder] for each in targets}


def _stored_in(targets: Sequence[BackupTarget]) -> Mapping[int, Stored]:
    """By the key of the target."""
    shown = Backup.objects.shown().filter(target__in=targets).order_by()
    counted = shown.values_list("target").annotate(Count("pk"), Count("vm", distinct=True), Sum("size"), Max("made_at"))
    return {key: _stored(*numbers) for key, *numbers in counted}


def _stored(count: int, machines: int, size: int, newest: datetime) -> Stored:
    return Stored(
        count=count,
        text=labels.backups(count),
        machines=labels.of_machines(machines),
        size=formats.size(size),
        newest=newest,
        newest_text=formats.clock(newest),
    )


def _schedules_of(targets: Sequence[BackupTarget]) -> Mapping[int, list[Link]]:
    found: dict[int, list[Link]] = {}
    for schedule in BackupSchedule.objects.filter(target__in=targets):
        link = Link(schedule.name, reverse("backups:schedule", args=[schedule.pk]))
        found.setdefault(schedule.target_id, []).append(link)
    return found
