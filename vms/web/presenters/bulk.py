"""Doing the same to many machines: the bar under a list, and the question before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.labels.taking import MANY_THROWN_AWAY
from vms.models import Disk
from vms.models.viewer import Viewer
from vms.operations.bulk import Planned, nothing_to_do
from vms.operations.permission import actions_somewhere, sees_nodes
from vms.rules.actions import PLAIN, Action, Risk, risk_of
from vms.rules.kinds import Kind
from vms.rules.matrix import COLUMNS
from vms.web.lists.machine_columns import PAGE_OF
from vms.web.presenters.buttons import ICON, MORE_ACTIONS, OTHER_ACTIONS, RUN_ACTIONS
from vms.web.presenters.confirming import is_thrown_away
from vms.web.presenters.holding import why_off
from vms.web.presenters.statuses import StatusView, status_view

ACTIONS = tuple(action for action in (*RUN_ACTIONS, *MORE_ACTIONS, *OTHER_ACTIONS) if action in PLAIN)
SHOWN_OF_A_GROUP = 200


@dataclass(frozen=True, slots=True)
class BulkButton:
    action: str
    label: str
    icon: str
    danger: bool


@dataclass(frozen=True, slots=True)
class BulkBar:
    """page: which list, as in PAGE_OF; query: its address behind the "?"; total: how many it has found."""

    buttons: list[BulkButton]
    page: str
    query: str
    total: int
    url: str


def bulk_bar(viewer: Viewer, kind: Kind, *, query: str, total: int) -> BulkBar | None:
    """None if there is nothing that the viewer may do."""
    possible = actions_somewhere(viewer) & {*COLUMNS[kind]}
    offered = [_button(action) for action in ACTIONS if action in possible]
    return BulkBar(offered, PAGE_OF[kind], query, total, reverse("bulk:ask")) if offered else None


def _button(action: Action) -> BulkButton:
    return BulkButton(action, str(labels.ACTION[action]), ICON[action], danger=risk_of(action) is Risk.LOSES_DATA)


@dataclass(frozen=True, slots=True)
class Line:
    """One machine of a group. why: the reason why it is refused, "" if it is not."""

    name: str
    url: str
    node_name: str
    status: StatusView
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """look: good, off or bad. more: how many are not among the lines. reasons: of the refused, with their number."""

    title: str
    look: str
    reasons: list[tuple[str, int]]
    lines: list[Line]
    more: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """How the machines were chosen. found_by: what in an address finds the same ones again; back_url: where it was."""

    found_by: list[tuple[str, str]]
    back_url: str


@dataclass(frozen=True, slots=True)
class BulkQuestion:
    """number: how many would be done, to be typed if `typed`. seen: tells whether it still is the same question."""

    title: str
    text: str
    danger: bool
    label: str
    url: str
    key: UUID
    number: int
    typed: bool
    seen: str
    groups: list[Group]
    disks: list[str]
    back_url: str


def bulk_question(
    action: Action,
    planned: Sequence[Planned],
    viewer: Viewer,
    chosen: Chosen,
    key: UUID,
) -> BulkQuestion:
    will = [one for one in planned if one.reason is None]
    return BulkQuestion(
        title=str(labels.BULK_TITLE[action] % {"count": len(will) or len(planned)}),
        text=_consequence(action, will),
        danger=risk_of(action) is Risk.LOSES_DATA or _throws_away(action, will),
        label=str(labels.ACTION[action]),
        url=f"{reverse('bulk:ask')}?{urlencode([('action', action.value), *chosen.found_by])}",
        key=key,
        number=len(will),
        typed=action is Action.DELETE,
        seen=fingerprint(action, planned),
        groups=_groups(action, planned, will, viewer),
        disks=_disks(will) if action is Action.DELETE else [],
        back_url=chosen.back_url,
    )


def _consequence(action: Action, will: Sequence[Planned]) -> str:
    sentences = [labels.BULK_CONSEQUENCE[action], *([MANY_THROWN_AWAY] if _throws_away(action, will) else [])]
    return " ".join(map(str, sentences))


def _throws_away(action: Action, will: Sequence[Planned]) -> bool:
    return any(is_thrown_away(one.vm, action) for one in will)


def fingerprint(action: Action, planned: Iterable[Planned]) -> str:
    """The same for the same machines. Where data can be lost, only those that would really be done count."""
    strict = risk_of(action) is Risk.LOSES_DATA
    names = sorted(one.vm.pk.hex for one in planned if one.reason is None or not strict)
    return sha256(" ".join(names).encode()).hexdigest()[:32]


def _groups(action: Action, planned: Sequence[Planned], will: Sequence[Planned], viewer: Viewer) -> list[Group]:
    idle = nothing_to_do(action)
    already = [one for one in planned if one.reason in idle]
    refused = [one for one in planned if one.reason is not None and one.reason not in idle]
    groups = [
        (labels.BULK_WILL, will, "good"),
        (labels.BULK_ALREADY, already, "off"),
        ({action: labels.BULK_REFUSED}, refused, "bad"),
    ]
    return [_group(titles[action], members, look, viewer) for titles, members, look in groups if members]


def _group(title: Promise, members: Sequence[Planned], look: str, viewer: Viewer) -> Group:
    return Group(
        title=str(title % {"count": len(members)}),
        look=look,
        reasons=_reasons(members) if look == "bad" else [],
        lines=[_line(one, viewer, with_reason=look == "bad") for one in members[:SHOWN_OF_A_GROUP]],
        more=max(0, len(members) - SHOWN_OF_A_GROUP),
        opened=look != "off",
    )


def _reasons(members: Sequence[Planned]) -> list[tuple[str, int]]:
    counted = Counter(one.reason for one in members if one.reason)
    return [(str(labels.REASON[reason]), count) for reason, count in counted.most_common()]


def _line(one: Planned, viewer: Viewer, *, with_reason: bool) -> Line:
    return Line(
        name=one.vm.display_name,
        url=reverse("vms:page", args=[one.vm.pk]),
        node_name=one.vm.node.name if sees_nodes(viewer) else "",
        status=status_view(one.vm, viewer),
        why=why_off(one.reason, one.holder, one.vm, viewer) if with_reason and one.reason else "",
    )


def _disks(will: Sequence[Planned]) -> list[str]:
    """Those that are deleted with their machines."""
    going = Disk.objects.all().to_delete().filter(vm__in=[one.vm.pk for one in will])
    return list(going.order_by("path").values_list("path", flat=True))
