"""Action buttons: on or off by the one table, and every off says why.

Many machines are in the same state, so a row of buttons is rendered once for each state and reused: only the
machine's id differs, and is put in afterwards. The reasons stand on the page once, and buttons point to them: see
vms.web.presenters.tips.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from vms import labels
from vms.hypervisor.machine_xml import BootDevice
from vms.models import Vm
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.permission import Permissions, actions_somewhere, allowed
from vms.rules.actions import PLAIN, Action, Risk, risk_of
from vms.rules.matrix import COLUMNS, Verdict
from vms.rules.status import Facts
from vms.web.addresses import short

ICON: Mapping[Action, str] = {
    Action.START: "play",
    Action.SHUTDOWN: "power-off",
    Action.POWER_OFF: "bolt",
    Action.MIGRATE: "migrate",
    Action.RESET: "redo",
    Action.PAUSE: "pause",
    Action.DELETE: "trash",
    Action.PERSISTENT: "vm",
    Action.DYNAMIC: "cubes",
    Action.SEAL: "lock",
    Action.ACTIVATE: "check",
    Action.BACK_UP: "archive",
    Action.CLONE: "clone",
    Action.EDIT: "pencil",
    Action.TOGGLE: "disk",
    Action.MAKE_TEMPLATE: "template",
    Action.USE: "console",
    Action.USERS: "user",
    Action.GROUPS: "users",
}
"""The actions that are built. Others have no button yet."""

IN_A_DIALOG = frozenset({Action.USERS, Action.GROUPS})
"""What more they have to be told is asked in a dialog, where there is a script."""

ASKS_FIRST = frozenset({Action.SEAL, Action.ACTIVATE})
"""They cost nothing, but what follows is to be known before."""

RUN_ACTIONS = (Action.START, Action.SHUTDOWN, Action.POWER_OFF, Action.MIGRATE)
OTHER_ACTIONS = (
    *(Action.EDIT, Action.DELETE, Action.TOGGLE, Action.USE),
    *(Action.USERS, Action.GROUPS, Action.PERSISTENT, Action.DYNAMIC),
    *(Action.SEAL, Action.ACTIVATE),
)
MORE_ACTIONS = (Action.PAUSE, Action.RESET, Action.BACK_UP, Action.CLONE, Action.MAKE_TEMPLATE)
"""A row has the buttons of the user's document. What is beyond it stands behind "+" and on the machine's page. Each
kind of machine has only its own."""

ANY_MACHINE = "00000000-0000-0000-0000-000000000000"
DIFFERENT_BARS_KEPT = 2048


@dataclass(frozen=True, slots=True)
class Button:
    """on: it can be pressed; reason: why it cannot, as a code. asks: it leads to a question first; leads: to a page
    of its own, where more has to be said."""

    action: str
    label: str
    icon: str
    on: bool
    reason: str
    danger: bool
    asks: bool
    leads: bool
    url: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Buttons for one person: those of what can be done nowhere are left out. permissions: of the machines shown."""

    permissions: Permissions
    run: tuple[Action, ...]
    other: tuple[Action, ...]
    more: tuple[Action, ...]

    @property
    def empty_columns(self) -> frozenset[str]:
        """Those in which no machine would ever have a button."""
        columns = {"run": self.run, "action": self.other}
        return frozenset(key for key, actions in columns.items() if not actions)

    @property
    def for_many(self) -> bool:
        """Whether there is anything that could be asked of several machines at once."""
        return any(action in PLAIN for action in (*self.run, *self.other, *self.more))


def offer(viewer: Viewer, machines: Iterable[Vm]) -> Offer:
    """Two queries however many machines, none for somebody who sees them all."""
    permissions, somewhere = Permissions(viewer, [vm.pk for vm in machines]), actions_somewhere(viewer)
    kinds = (RUN_ACTIONS, OTHER_ACTIONS, MORE_ACTIONS)
    return Offer(permissions, *(tuple(each for each in kind if each in somewhere) for kind in kinds))


@dataclass(frozen=True, slots=True)
class Buttons:
    """The buttons of one machine."""

    uuid: UUID
    facts: Facts
    permitted: frozenset[Action]
    boots_from: BootDevice
    language: str

    @classmethod
    def of(cls, vm: Vm, permissions: Permissions) -> Buttons:
        """vm: from with_operations_under_way()."""
        boots_from: BootDevice = "cdrom" if vm.boot_device == "cdrom" else "hd"
        return cls(vm.uuid, facts_of(vm, vm.under_way), permissions.on(vm.pk), boots_from, get_language() or "")

    def bar(self, actions: tuple[Action, ...], *, words: bool = False) -> SafeString:
        """Those of them that this kind of machine has, as HTML. words: show the labels too, as where there is one
        machine only. Where there are many, their addresses are short."""
        bar = _bar_of_any_machine(self.facts, actions, self.permitted, self.boots_from, self.language, words=words)
        key = str(self.uuid) if words else short(self.uuid)
        return mark_safe(bar.replace(ANY_MACHINE, key))  # noqa: S308 -- a UUID in what a template escaped


@lru_cache(DIFFERENT_BARS_KEPT)
def _bar_of_any_machine(
    facts: Facts,
    actions: tuple[Action, ...],
    permitted: frozenset[Action],
    boots_from: BootDevice,
    _language: str,
    *,
    words: bool,
) -> str:
    own = [action for action in actions if action in COLUMNS[facts.kind]]
    buttons = [_button(action, allowed(permitted, facts, action)) for action in own]
    buttons = [_toggle(button, boots_from) if button.action == Action.TOGGLE else button for button in buttons]
    return render_to_string("components/actions.html", {"buttons": buttons, "words": words}).strip()


def _button(action: Action, verdict: Verdict) -> Button:
    return Button(
        action=action,
        label=str(labels.ACTION[action]),
        icon=ICON[action],
        on=verdict.allowed,
        reason=verdict.reason or "",
        danger=risk_of(action) is Risk.LOSES_DATA,
        asks=risk_of(action) is not Risk.NONE or action in IN_A_DIALOG | ASKS_FIRST,
        leads=action not in PLAIN,
        url=reverse("vms:action", args=[ANY_MACHINE, action.replace("_", "-")]),
    )


def _toggle(button: Button, boots_from: BootDevice) -> Button:
    """Its icon shows what the machine boots from now; it switches to the other one."""
    other = _OTHER_DEVICE[boots_from]
    return replace(
        button,
        label=str(labels.SWITCH_TO[other]) if button.on else button.label,
        icon="disc" if boots_from == "cdrom" else "disk",
        leads=False,
        url=reverse("vms:toggle", args=[ANY_MACHINE, other]),
    )


_OTHER_DEVICE: Mapping[BootDevice, BootDevice] = {"cdrom": "hd", "hd": "cdrom"}
