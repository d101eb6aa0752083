"""Targets for backups come, change and go by people's hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from posixpath import normpath

from django.db import transaction

from vms.models import BackupTarget
from vms.models.keeping import nodes_with
from vms.models.viewer import Viewer
from vms.operations.announcing import announce
from vms.operations.auditing import About, Refusal, about_target, noting_refusals, write
from vms.operations.permission import require_may_manage_nodes
from vms.rules.audit import Outcome, Request, Subject, Why


@dataclass(frozen=True, slots=True)
class TargetOrder:
    """folder: that of a storage pool of some node. limit: bytes per second of each disk, 0 for none."""

    name: str
    folder: str
    limit: int = 0

    def as_fields(self) -> dict[str, str | int]:
        return {"name": self.name, "folder": normpath(self.folder), "limit": self.limit}


class TargetNameTaken(Refusal):
    """Another target is called so, upper or lower case aside."""

    reason = Why.NAMES_TAKEN


class FolderTaken(Refusal):
    """Another target has this folder."""

    reason = Why.NAMES_TAKEN


class NoSuchFolder(Refusal):
    """No node has a storage pool of this folder."""

    reason = Why.NO_SUCH_FOLDER


class TargetNeeded(Refusal):
    """It cannot be removed, nor get another folder: so many backups are in it, so many schedules use it."""

    reason = Why.STILL_NEEDED

    def __init__(self, backups: int, schedules: int) -> None:
        super().__init__(f"{backups} backups, {schedules} schedules")
        self.backups = backups
        self.schedules = schedules


def add_target(order: TargetOrder, *, by: Viewer) -> BackupTarget:
    """TargetNameTaken, FolderTaken, NoSuchFolder."""
    with _asked(Request.ADD_TARGET, About(Subject.TARGET, name=order.name), by):
        _require_fitting(order)
        target = BackupTarget.objects.create(added_by_name=str(by), **order.as_fields())
        _tell(Request.ADD_TARGET, target, by)
    return target


def change_target(target: BackupTarget, order: TargetOrder, *, by: Viewer) -> BackupTarget:
    """TargetNameTaken, FolderTaken, NoSuchFolder; TargetNeeded if it is to have another folder."""
    with _asked(Request.CHANGE_TARGET, about_target(target), by):
        held = BackupTarget.objects.select_for_update().get(pk=target.pk)
        _require_fitting(order, other_than=held)
        if normpath(order.folder) != held.folder and (backups := held.backups.count()):
            raise TargetNeeded(backups, 0)
        BackupTarget.objects.filter(pk=held.pk).update(**order.as_fields())
        held.refresh_from_db()
        _tell(Request.CHANGE_TARGET, held, by)
    return held


def remove_target(target: BackupTarget, *, by: Viewer) -> None:
    """The folder stays as it is. TargetNeeded."""
    with _asked(Request.REMOVE_TARGET, about_target(target), by):
        held = BackupTarget.objects.select_for_update().get(pk=target.pk)
        needed = held.backups.count(), held.schedules.count()
        if any(needed):
            raise TargetNeeded(*needed)
        _tell(Request.REMOVE_TARGET, held, by)
        held.delete()


@contextmanager
def _asked(request: Request, about: About, by: Viewer) -> Iterator[None]:
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        yield


def _require_fitting(order: TargetOrder, other_than: BackupTarget | None = None) -> None:
    others = BackupTarget.objects.exclude(pk__in=[other_than.pk] if other_than else [])
    if others.filter(name__iexact=order.name).exists():
        raise TargetNameTaken
    if others.filter(folder=normpath(order.folder)).exists():
        raise FolderTaken
    is_as_before = other_than is not None and other_than.folder == normpath(order.folder)
    if not is_as_before and not nodes_with(order.folder):
        raise NoSuchFolder


def _tell(request: Request, target: BackupTarget, by: Viewer) -> None:
    write(request, about_target(target), Outcome.ACCEPTED, by=by, values={"folder": target.folder})
    announce(("backup_target", str(target.pk)))
