"""A backup as a page: what it consists of, what it stands on, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from vms import labels
from vms.models import Backup, Operation
from vms.models.keeping import as_kept, parts_of
from vms.models.viewer import Viewer
from vms.operations.permission import may_with_backup, sees_nodes
from vms.rules.actions import Action, Slot
from vms.rules.backing_up import DEFINITION, LIST, MEMORY
from vms.rules.backups import chain_of
from vms.rules.reasons import Reason
from vms.web import formats
from vms.web.presenters.backup_buttons import BackupButton, backup_buttons
from vms.web.presenters.backups import BackupRow, backup_row, backup_rows, backups_of
from vms.web.presenters.facts import Fact
from vms.web.presenters.operations import OperationView, operation_rows
from vms.web.presenters.tips import Tips, WhyOff, tips_of

LAST_OPERATIONS = 5

WHAT = {
    DEFINITION: labels.BACKUP_FILE_DEFINITION,
    MEMORY: labels.BACKUP_FILE_MEMORY,
    LIST: labels.BACKUP_FILE_LIST,
}
"""Of its files that are no images."""


@dataclass(frozen=True, slots=True)
class FileView:
    """size: "" if nobody wrote it down; capacity: of the disk in an image, "" of other files; sha256: "" before the
    first check."""

    name: str
    what: str
    size: str
    capacity: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Link:
    """One of those that belong together."""

    backup: BackupRow
    is_this: bool


@dataclass(frozen=True, slots=True)
class BackupPage:
    """files: none for whoever is told nothing of nodes. chain: from itself down to the whole one, as far as there is
    one; broken: why it cannot be restored, "" if it can. above: those that stand on it. evidence: what the node said
    of the damage. may_change: notes can be written about it. machine_url: all backups of the machine."""

    backup: BackupRow
    title: str
    machine_url: str
    facts: list[Fact]
    files: list[FileView]
    chain: list[Link]
    above: list[BackupRow]
    broken: str
    evidence: str
    notes: str
    may_change: bool
    buttons: list[BackupButton]
    tips: Tips
    under_way: list[OperationView]
    last: list[OperationView]
    operations_url: str


def backup_page(backup: Backup, viewer: Viewer) -> BackupPage:
    """backup: with its vm, target, schedule and node. In a constant number of queries."""
    family = _family(backup)
    chain = _down_from(backup, family)
    kept = [as_kept(each) for each in family.values()]
    whole = chain_of(as_kept(backup), kept) is not None
    buttons = backup_buttons(backup, viewer, can_be_restored=whole)
    operations = operation_rows(_operations(backup), viewer)
    row = backup_row(backup, viewer)
    return BackupPage(
        backup=row,
        title=str(labels.BACKUP_TITLE) % {"vm": row.vm_name, "moment": formats.moment(backup.made_at)},
        machine_url=backups_of(backup.vm),
        facts=list(_facts(backup, row, viewer)),
        files=[_file(backup, part, path) for part, path in parts_of(backup).items()] if sees_nodes(viewer) else [],
        chain=[Link(backup_row(each, viewer), each.pk == backup.pk) for each in chain],
        above=backup_rows(_above(backup, family), viewer),
        broken="" if whole else str(labels.REASON[Reason.BACKUP_UNUSABLE]),
        evidence=backup.evidence if sees_nodes(viewer) else "",
        notes=backup.notes,
        may_change=may_with_backup(viewer, Action.BACK_UP, backup),
        buttons=buttons,
        tips=tips_of([WhyOff(button.key, button.why_off, "", instead=False) for button in buttons if button.why_off]),
        under_way=[operation for operation in operations if operation.under_way],
        last=[operation for operation in operations if not operation.under_way][:LAST_OPERATIONS],
        operations_url=f"{reverse('operations:list')}?{urlencode({'q': row.vm_name})}",
    )


def _family(backup: Backup) -> dict[int, Backup]:
    """All backups of the machine, by their keys; the newest first."""
    found = Backup.objects.filter(vm=backup.vm_id).shown().select_related("vm", "target", "schedule")
    return {each.pk: each for each in found}


def _down_from(backup: Backup, family: Mapping[int, Backup]) -> list[Backup]:
    chain: list[Backup] = []
    found: Backup | None = backup
    while found is not None and found not in chain:
        chain.append(found)
        found = family.get(found.below_id or 0)
    return chain


def _above(backup: Backup, family: Mapping[int, Backup]) -> list[Backup]:
    """All that stand on it, the newest first."""
    return [each for each in family.values() if each.pk != backup.pk and backup in _down_from(each, family)]


def _operations(backup: Backup) -> Sequence[Operation]:
    """What was done with it, the newest first; among those of a deletion only one that is under way."""
    of_machine = Operation.objects.with_destination().filter(vm=backup.vm_id).select_related("vm", "node")
    about = Q(arguments__backup=backup.pk) | Q(slot=Slot.BACKUPS, finished_at=None)
    found = of_machine.filter(about)[: LAST_OPERATIONS + len(Slot)]
    return [each for each in found if backup.pk in each.arguments.get("backups", [each.arguments.get("backup")])]


def _facts(backup: Backup, row: BackupRow, viewer: Viewer) -> Iterator[Fact]:
    """What is not known, or not said to the viewer, is left out."""
    yield Fact(str(labels.BACKUP_OF), row.vm_name, row.vm_url)
    if backup.machine_name != row.vm_name:
        yield Fact(str(labels.BACKUP_NAME_THEN), backup.machine_name)
    yield Fact(str(labels.BACKUP_MADE), formats.moment(backup.made_at))
    yield Fact(str(labels.BACKUP_BY), row.by, row.by_url)
    for label, value in (
        (labels.BACKUP_TOOK, row.took),
        (labels.BACKUP_SIZE, row.size),
        (labels.BACKUP_KIND, row.kind),
    ):
        if value:
            yield Fact(str(label), value)
    if row.consistency:
        yield Fact(str(labels.BACKUP_CONSISTENCY), row.consistency)
    yield Fact(str(labels.BACKUP_VERIFIED), _verified(backup))
    if sees_nodes(viewer):
        yield from _places(backup)


def _verified(backup: Backup) -> str:
    if backup.checked_at is None:
        return str(labels.BACKUP_NOT_VERIFIED)
    words = {"moment": formats.clock(backup.checked_at), "person": backup.checked_by_name or labels.THE_PANEL}
    return str(labels.BACKUP_VERIFIED_BY) % words


def _places(backup: Backup) -> Iterator[Fact]:
    target = backup.target
    yield Fact(str(labels.BACKUP_TARGET), target.name, reverse("backups:target", args=[target.pk]))
    yield Fact(str(labels.BACKUP_FOLDER), target.folder, code=True)
    if backup.node:
        yield Fact(str(labels.BACKUP_NODE), backup.node.name, reverse("nodes:page", args=[backup.node_id]))


def _file(backup: Backup, part: str, path: str) -> FileView:
    """part: the target of a disk, or the name of what is no image."""
    image = backup.files.get(part, {})
    what = WHAT[part] if part in WHAT else str(labels.DRIVE_NAMED["disk"]) % {"target": part}
    return FileView(
        name=path.rpartition("/")[2],
        what=str(what),
        size=formats.size(image["size"]) if image.get("size") else "",
        capacity=formats.size(image["capacity"]) if image.get("capacity") else "",
        sha256=backup.sums.get(path, ""),
    )
