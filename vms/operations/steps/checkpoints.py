"""The moments since which a machine's disks note what changes, as backups have left them. All of it is done as well as
it can be: without such a moment the next backup is a whole one."""

from __future__ import annotations

import logging
from collections.abc import Collection

from vms.hypervisor.errors import HypervisorError, NodeUnreachable
from vms.models import Backup
from vms.operations.steps.backup_facts import backup_of, has_process
from vms.operations.steps.work import Done, Result, Work
from vms.rules.backing_up import is_checkpoint

logger = logging.getLogger(__name__)


def forget_old_moments(work: Work) -> Result:
    """All but those from which on the next backup into each target may count."""
    newest: dict[int, str] = {}
    for backup in Backup.objects.good().filter(vm=work.vm).order_by("pk"):
        newest[backup.target_id] = backup.checkpoint
    newest[backup_of(work).target_id] = work.operation.measures["begun"]
    _forget(work, kept={*newest.values()})
    return Done()


def forget_moments(work: Work) -> Result:
    """Before a machine goes to another node, which would not know them."""
    _forget(work, kept=())
    return Done()


def _forget(work: Work, *, kept: Collection[str]) -> None:
    if not has_process(work):
        return
    try:
        for checkpoint in work.hypervisor.checkpoints(work.vm.uuid):
            if is_checkpoint(checkpoint.name) and checkpoint.name not in kept:
                work.hypervisor.forget_checkpoint(work.vm.uuid, checkpoint.name)
    except NodeUnreachable:
        raise
    except HypervisorError as error:
        logger.warning("operation %s cannot forget what earlier backups left: %s", work.operation.pk, error)
