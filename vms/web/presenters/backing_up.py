"""A machine that is to be backed up: where to, and what will happen, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath

from django.urls import reverse
from django.utils import timezone

from vms import labels
from vms.models import Backup, BackupTarget, StoragePool, Vm
from vms.models.facts import pools_with_folders
from vms.models.keeping import usable_backups
from vms.models.viewer import Viewer
from vms.operations.permission import may_manage_nodes
from vms.operations.planning import disks_to_copy
from vms.rules.status import Main
from vms.web import formats
from vms.web.forms.backing_up import BackUpForm


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """free: room in its folder, in words; last: of the newest backup of this machine there; tight: why it may not have
    the room, "" if it has."""

    key: str
    name: str
    free: str
    last: str
    tight: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TargetOut:
    """One that the machine's node does not have, and what can be done."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class BackUpView:
    """nowhere: why there is nothing to choose from, "" if there is; add_url: where a target is added, "" for whoever
    may not. points: what will happen."""

    title: str
    url: str
    choices: list[TargetChoice]
    out: list[TargetOut]
    nowhere: str
    add_url: str
    points: list[str]


@dataclass(frozen=True, slots=True)
class Places:
    """All targets, and for those that the machine's node has, its pool of their folder by their key."""

    targets: Sequence[BackupTarget]
    pools: Mapping[int, StoragePool]

    @classmethod
    def of(cls, vm: Vm) -> Places:
        """Two queries."""
        pools = {normpath(pool.folder): pool for pool in pools_with_folders(vm.node)}
        targets = list(BackupTarget.objects.all())
        near = {each.pk: pools[normpath(each.folder)] for each in targets if normpath(each.folder) in pools}
        return cls(targets, near)

    @property
    def near(self) -> list[BackupTarget]:
        """Those that the machine's node has, with the most room first."""
        return sorted((each for each in self.targets if each.pk in self.pools), key=self._room)

    @property
    def far(self) -> list[BackupTarget]:
        return [each for each in self.targets if each.pk not in self.pools]

    def _room(self, target: BackupTarget) -> tuple[int, str]:
        return -self.pools[target.pk].free, target.name


def back_up_view(vm: Vm, places: Places, form: BackUpForm, viewer: Viewer) -> BackUpView:
    """vm: with its disks and node."""
    name = {"vm": vm.display_name}
    newest = _newest_in_each(vm)
    said = str(form["target"].value())
    return BackUpView(
        title=str(labels.BACK_UP_TITLE) % name,
        url=reverse("vms:page", args=[vm.pk]),
        choices=[_choice(vm, each, places, newest, said) for each in places.near],
        out=[
            TargetOut(each.name, str(labels.TARGET_NOT_HERE) % {"node": vm.node.name, "folder": each.folder})
            for each in places.far
        ],
        nowhere=_nowhere(vm, places),
        add_url=reverse("backups:target_add") if may_manage_nodes(viewer) else "",
        points=[str(point) % name for point in _points(vm)],
    )


def _newest_in_each(vm: Vm) -> dict[int, Backup]:
    """Of the good ones, by the key of their target."""
    newest: dict[int, Backup] = {}
    for backup in usable_backups(vm.pk):
        newest.setdefault(backup.target_id, backup)
    return newest


def _nowhere(vm: Vm, places: Places) -> str:
    if not places.targets:
        return str(labels.NO_TARGET_YET)
    return "" if places.near else str(labels.NO_TARGET_HERE) % {"node": vm.node.name}


def _choice(vm: Vm, target: BackupTarget, places: Places, newest: Mapping[int, Backup], said: str) -> TargetChoice:
    free, needed = places.pools[target.pk].free, _bytes_on_disks(vm)
    return TargetChoice(
        key=str(target.pk),
        name=target.name,
        free=str(labels.TARGET_FREE) % {"free": formats.size(free)},
        last=_last(newest.get(target.pk)),
        tight=str(labels.TARGET_IS_TIGHT) % {"size": formats.size(needed)} if needed > free else "",
        is_chosen=str(target.pk) == said,
    )


def _last(newest: Backup | None) -> str:
    if newest is None:
        return str(labels.TARGET_HAS_NONE)
    ago = formats.span((timezone.now() - newest.made_at).total_seconds())
    return str(labels.TARGET_HAS_ONE) % {"duration": ago}


def _bytes_on_disks(vm: Vm) -> int:
    """As far as the panel knows."""
    return sum(disk.allocation or 0 for disk in disks_to_copy(vm))


def _points(vm: Vm) -> Iterator[object]:
    if vm.main == Main.STOPPED:
        yield labels.BACK_UP_STAYS_OFF
    elif vm.main == Main.RUNNING:
        yield labels.BACK_UP_RUNS_ON
        if not vm.has_agent_channel:
            yield labels.BACK_UP_WITHOUT_AGENT
    else:
        yield labels.BACK_UP_AS_IT_IS
    yield labels.BACK_UP_VERIFIES
