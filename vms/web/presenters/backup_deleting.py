"""The question before a backup is deleted: it names the machine, and all that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from vms import labels
from vms.models import Backup
from vms.models.keeping import needed_by, usable_backups
from vms.models.viewer import Viewer
from vms.web import formats
from vms.web.presenters.backup_buttons import backup_buttons
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates

SEEN = "seen"
"""The keys of those that were named in the question."""

MOST_NAMED = 10


def going_with(backup: Backup) -> list[Backup]:
    """It and all that stand on it, in the order in which they can be deleted."""
    return [*needed_by(backup), backup]


def delete_question(backup: Backup, viewer: Viewer) -> Confirmation:
    """backup: with its vm, target and node."""
    going = going_with(backup)
    name = {"vm": backup.vm.display_name}
    words = {"moment": formats.moment(backup.made_at), "size": formats.size(sum(each.size for each in going))}
    seen = urlencode([(SEEN, each.pk) for each in going])
    return Confirmation(
        title=str(labels.DELETE_BACKUP_TITLE) % name,
        text=str(labels.DELETE_BACKUP_TEXT) % words,
        points=list(_points(backup, going)),
        disks=Fates(),
        label=str(labels.DELETE_BACKUPS_BUTTON % {"count": len(going)}),
        danger=True,
        url=f"{reverse('backups:delete', args=[backup.pk])}?{seen}",
        cancel_url=reverse("backups:page", args=[backup.pk]),
        key=None,
        refused=_against(backup, viewer),
    )


def _against(backup: Backup, viewer: Viewer) -> str:
    buttons = backup_buttons(backup, viewer, can_be_restored=True)
    return next(button.why_off for button in buttons if button.asks)


def _points(backup: Backup, going: list[Backup]) -> Iterator[str]:
    if above := going[:-1]:
        moments = [formats.moment(each.made_at) for each in reversed(above)]
        named = ", ".join([*moments[:MOST_NAMED], *(["…"] if len(moments) > MOST_NAMED else [])])
        yield str(labels.DELETE_BACKUP_ABOVE % {"count": len(above), "moments": named})
    if kept := sum(each.kept for each in going):
        yield str(labels.DELETE_BACKUP_KEPT % {"count": kept})
    usable = {each.pk for each in usable_backups(backup.vm_id)}
    if usable and usable <= {each.pk for each in going}:
        yield str(labels.DELETE_BACKUP_LAST) % {"vm": backup.vm.display_name}
