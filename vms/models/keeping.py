"""Questions about backups: what they stand on, what stands on them, where their files are and who can read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from posixpath import join, normpath
from uuid import UUID

from vms.models.backup import Backup, BackupQuerySet, BackupTarget
from vms.models.node import Node
from vms.models.operation import Operation, OperationQuerySet
from vms.models.storage import StoragePool
from vms.models.vm import Vm
from vms.rules.actions import RETURNS
from vms.rules.backing_up import DEFINITION, LIST, MEMORY, file_of
from vms.rules.backups import BackupState, Consistency, Kept, chain_of
from vms.rules.duty import Duty


def as_kept(backup: Backup) -> Kept:
    return Kept(
        number=backup.pk,
        made_at=backup.made_at.timestamp(),
        below=backup.below_id,
        is_good=backup.state == BackupState.GOOD,
        is_kept=backup.kept,
    )


def usable_backups(vm: UUID) -> list[Backup]:
    """Those of a machine that can be restored, with all that they stand on: the newest first."""
    backups = list(Backup.objects.filter(vm=vm).shown())
    kept = [as_kept(each) for each in backups]
    usable = {each.number for each in kept if chain_of(each, kept) is not None}
    return [each for each in backups if each.pk in usable]


def refresh_last_backup(vm: UUID) -> None:
    """Write down of when its newest good backup is, after one was made, deleted or found damaged."""
    newest = next(iter(usable_backups(vm)), None)
    Vm.objects.filter(pk=vm).update(last_backup_at=newest.made_at if newest else None)


def needed_by(backup: Backup) -> list[Backup]:
    """All that stand on it, also one that is just being made, in the order in which they could be deleted."""
    found: list[Backup] = []
    above = list(backup.above.all())
    while above:
        found = [*above, *found]
        above = list(Backup.objects.filter(below__in=above))
    return found


def standing_on(keys: Collection[int]) -> BackupQuerySet:
    """Later backups that need one of these, and are not among them."""
    return Backup.objects.filter(below__in=keys).exclude(pk__in=keys)


def returns_of(keys: Collection[int]) -> OperationQuerySet:
    """The operations that are just restoring one of these backups."""
    return Operation.objects.filter(action__in=RETURNS, finished_at=None, arguments__backup__in=list(keys))


def in_use(keys: Collection[int]) -> list[str]:
    """The names of what needs one of these backups."""
    later = standing_on(keys).values_list("stem", flat=True)
    return [*later, *returns_of(keys).values_list("vm__display_name", flat=True)]


def parts_of(backup: Backup) -> Mapping[str, str]:
    """The paths of its files, by the target of the disk or the name of the part; the list of them all comes first. Not
    that of its checksums."""
    names = [LIST, DEFINITION, *([MEMORY] if backup.consistency == Consistency.WITH_MEMORY else [])]
    own = {name: path_of(backup, name) for name in names}
    return {**own, **{target: file["path"] for target, file in backup.files.items()}}


def path_of(backup: Backup, part: str) -> str:
    """part: as in rules.backing_up.file_of()."""
    return join(backup.target.folder, file_of(backup.stem, part))


def node_for(target: BackupTarget, prefer: Node | None) -> Node | None:
    """One that sees the target's files and answers, rather not one in maintenance. prefer: that which made them, or is
    to read them; if it has the folder and does not share it, nobody else sees them. None if there is no such node."""
    preferred = prefer.pk if prefer else None
    able = Node.objects.filter(reachable=True, pk__in=_readers(nodes_with(target.folder), preferred))
    return min(able, key=lambda node: (node.duty != Duty.ACTIVE, node.pk != preferred, node.pk), default=None)


def homes_without(node: Node) -> Mapping[Backup, int | None]:
    """Of all backups that have to do with this node: the key of another one to which they belong when it is gone. None
    if there is no other one that could read them."""
    backups = list(Backup.objects.select_related("target", "vm"))
    seeing = {folder: nodes_with(folder) for folder in {backup.target.folder for backup in backups}}
    readers = {backup: _readers(seeing[backup.target.folder], backup.node_id) for backup in backups}
    return {
        backup: min(keys - {node.pk}, default=None if backup.node_id == node.pk else backup.node_id)
        for backup, keys in readers.items()
        if node.pk in {backup.node_id, backup.vm.node_id, *keys}
    }


def only_seen_by(node: Node) -> list[Backup]:
    """Those that nobody could read any more if this node were gone, in the order in which they may go."""
    lost = [backup for backup, home in homes_without(node).items() if home is None]
    return list(dict.fromkeys(each for backup in lost for each in (*needed_by(backup), backup)))


def _readers(seeing: Mapping[int, bool], made_at: int | None) -> set[int]:
    """seeing: as from nodes_with()."""
    if made_at is not None and seeing.get(made_at) is False:
        return {made_at}
    return {key for key, is_shared in seeing.items() if is_shared}


def nodes_with(folder: str) -> Mapping[int, bool]:
    """By the key of each node that has a storage pool of the folder: whether it shares it with others."""
    pools = StoragePool.objects.exclude(folder="")
    return {pool.node_id: pool.shared for pool in pools if normpath(pool.folder) == normpath(folder)}
