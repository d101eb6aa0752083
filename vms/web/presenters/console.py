"""The page of a machine's screen: what can be seen now, why not, and the other ways there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from vms import labels
from vms.models import Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.permission import sees_nodes
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.consoles import COMES_BACK, Ending
from vms.rules.reasons import Reason
from vms.web.presenters.buttons import Buttons, offer
from vms.web.presenters.statuses import status_cell, status_view

SCREEN_KEYS = (
    ("ctrl-alt-del", "Ctrl Alt Del"),
    ("ctrl-alt-backspace", "Ctrl Alt Backspace"),
    *((f"ctrl-alt-f{number}", f"Ctrl Alt F{number}") for number in (1, 2, 3, 7)),
    *(("alt-tab", "Alt Tab"), ("alt-f4", "Alt F4"), ("super", "Super"), ("print", "PrtSc"), ("esc", "Esc")),
)
"""What browsers or systems keep for themselves; by the names that static/js/console/screen.js knows."""

SERIAL_KEYS = ((3, "Ctrl C"), (4, "Ctrl D"), (26, "Ctrl Z"), (28, "Ctrl \\"), (29, "Ctrl ]"), (27, "Esc"), (9, "Tab"))
"""By the number of the character that they are."""

ACTIONS = (Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.RESET, Action.PAUSE)


@dataclass(frozen=True, slots=True)
class EndingView:
    """code: as it comes from the server; again: whether the page tries again by itself."""

    code: str
    text: str
    again: bool


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """open: there is something to see now, why: else a sentence. start: the button that would change that, if the
    reader may. command: for virt-viewer, "" if the reader is not told the node; trouble: why there is no file for
    it."""

    uuid: str
    name: str
    status: SafeString
    actions: SafeString
    open: bool
    why: str
    start: SafeString | str
    endings: list[EndingView]
    screen_keys: Sequence[tuple[str, str]]
    serial_keys: Sequence[tuple[int, str]]
    viewer_url: str
    command: str
    trouble: str


def console_page(vm: Vm, viewer: Viewer, *, trouble: str) -> ConsolePage:
    """vm: from with_operations_under_way(). trouble: the code of an ending."""
    reason = why_nothing_to_see(vm)
    return ConsolePage(
        uuid=str(vm.uuid),
        name=vm.display_name,
        status=status_cell(status_view(vm, viewer), vm.status_since),
        actions=_bar(vm, viewer, ACTIONS),
        open=reason is None,
        why=str(labels.REASON[reason]) if reason else "",
        start=_bar(vm, viewer, (Action.START,)) if reason and _can_start(vm) else "",
        endings=[EndingView(code, str(text), code in COMES_BACK) for code, text in labels.CONSOLE_ENDING.items()],
        screen_keys=SCREEN_KEYS,
        serial_keys=SERIAL_KEYS,
        viewer_url=f"/live/console/{vm.uuid}/viewer.vv",
        command=_command(vm) if sees_nodes(viewer) else "",
        trouble=str(labels.CONSOLE_ENDING[Ending(trouble)]) if trouble in set(Ending) else "",
    )


def why_nothing_to_see(vm: Vm) -> Reason | None:
    """None if there is something. vm: from with_operations_under_way()."""
    return possible(facts_of(vm, vm.under_way), Action.USE).reason


def _can_start(vm: Vm) -> bool:
    return possible(facts_of(vm, vm.under_way), Action.START).allowed


def _bar(vm: Vm, viewer: Viewer, actions: tuple[Action, ...]) -> SafeString:
    offered = offer(viewer, [vm])
    somewhere = {*offered.run, *offered.more}
    return Buttons.of(vm, offered.permissions).bar(tuple(each for each in actions if each in somewhere), words=True)


def _command(vm: Vm) -> str:
    """By libvirt's own connection, for people who may log in to the node."""
    return f"virt-viewer --connect qemu+ssh://{vm.node.hostname or vm.node.name}/system --wait {vm.uuid}"
