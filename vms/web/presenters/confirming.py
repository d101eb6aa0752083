"""The question before something dangerous: it names the machine, the node and the consequence."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.labels import taking as taking_words
from vms.models import Backup, Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.requesting import holder_of
from vms.rules.actions import Action, Risk, risk_of
from vms.rules.asking import possible
from vms.rules.kinds import Kind
from vms.rules.status import Second
from vms.web.presenters.deleting import Fates, fates_of_disks
from vms.web.presenters.hiding import node_name
from vms.web.presenters.holding import why_off


@dataclass(frozen=True, slots=True)
class Confirmation:
    """refused: why it is not possible now, "" if it is. key: the same for every submission of this question, None if
    a second one does no harm. next_url: where the answer leads back to, "" for where it belongs."""

    title: str
    text: str
    points: list[str]
    disks: Fates
    label: str
    danger: bool
    url: str
    cancel_url: str
    key: UUID | None
    refused: str
    next_url: str = ""


def confirmation(vm: Vm, action: Action, key: UUID, viewer: Viewer) -> Confirmation:
    """vm: from with_operations_under_way()."""
    names = {"vm": vm.display_name, "node": node_name(vm.node, viewer)}
    verdict = possible(facts_of(vm, vm.under_way), action)
    title = labels.CONFIRM_TITLE.get(action, labels.CONFIRM_ANY) % {**names, "action": labels.ACTION[action]}
    return Confirmation(
        title=title,
        text=str(_consequence(vm, action)) % names,
        points=_points(vm, action),
        disks=fates_of_disks(vm, viewer) if action is Action.DELETE else Fates(),
        label=str(labels.ACTION[action]),
        danger=risk_of(action) is Risk.LOSES_DATA or is_thrown_away(vm, action),
        url=reverse("vms:action", args=[vm.uuid, action.replace("_", "-")]),
        cancel_url=reverse("vms:page", args=[vm.uuid]),
        key=key,
        refused=why_off(verdict.reason, holder_of(vm.under_way, action), vm, viewer) if verdict.reason else "",
    )


def _consequence(vm: Vm, action: Action) -> Promise:
    if is_thrown_away(vm, action):
        return taking_words.THROWN_AWAY[action]
    return labels.CONSEQUENCE.get(action) or labels.ACTION_TIP[action]


def is_thrown_away(vm: Vm, action: Action) -> bool:
    """Whether nothing of it is left afterwards, though it is not asked for by that name."""
    return vm.kind == Kind.DYNAMIC and action in taking_words.THROWN_AWAY


def _points(vm: Vm, action: Action) -> list[str]:
    second = vm.status.second
    points = []
    if second is Second.STREAMING:
        points.append(labels.STREAMING_WILL_STOP if action is Action.DELETE else labels.STREAMING_GOES_ON)
    if second is Second.BACKING_UP:
        points.append(labels.BACKUP_WILL_BE_CANCELLED)
    return [*map(str, points), *(_what_stays(vm) if action is Action.DELETE else [])]


def _what_stays(vm: Vm) -> list[str]:
    """Of a machine that is deleted."""
    count = Backup.objects.shown().filter(vm=vm.pk).count()
    return [str(labels.BACKUPS_STAY % {"count": count})] if count else []
