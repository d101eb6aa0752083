"""The words about dynamic VMs in lists, and about the kinds of machines."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from vms.rules.kinds import Kind, Mode

# Lists

DYNAMIC_VMS = pgettext_lazy("navigation", "Dynamic VMs")
# Translators: the same list, of somebody who sees only the machines that they were given.
MY_DYNAMIC_VMS = pgettext_lazy("navigation", "My dynamic VMs")
GOLDEN_IMAGES = pgettext_lazy("heading", "Golden images")

POOL = pgettext_lazy("column: of virtual machines", "Pool")
ASSIGNED_TO = pgettext_lazy("column: the person who has a dynamic VM", "Assigned to")
GOLDEN_IMAGE = pgettext_lazy("column: on which a dynamic VM stands", "Golden image")

HELD = pgettext_lazy("filter of dynamic VMs", "In use")
HELD_AS: Mapping[str, Promise] = {
    "assigned": pgettext_lazy("filter of dynamic VMs", "Assigned"),
    "free": pgettext_lazy("filter of dynamic VMs", "Free"),
}

SEARCH_MY_VMS = pgettext_lazy("search field", "Search my virtual machines")
SEARCH: Mapping[Kind, Promise] = {
    Kind.VM: pgettext_lazy("search field", "Search virtual machines"),
    Kind.DYNAMIC: pgettext_lazy("search field", "Search dynamic VMs"),
    Kind.TEMPLATE: pgettext_lazy("search field", "Search templates"),
}
NOTHING_YET: Mapping[Kind, Promise] = {
    Kind.VM: pgettext_lazy("empty list", "No virtual machines yet"),
    Kind.DYNAMIC: pgettext_lazy("empty list", "No dynamic VMs now"),
    Kind.TEMPLATE: pgettext_lazy("empty list", "No VM templates yet"),
}
WHY_NOTHING_YET: Mapping[Kind, Promise] = {
    Kind.VM: pgettext_lazy(
        "empty list",
        "None of the nodes has a virtual machine. What is defined there, also by other tools, appears here within a "
        "second.",
    ),
    Kind.DYNAMIC: pgettext_lazy(
        "empty list",
        "Dynamic VMs come from a pool: it keeps some ready for whoever opens it, and throws each away after use.",
    ),
    Kind.TEMPLATE: pgettext_lazy("empty list", "None of the nodes has a template."),
}

TO_THE_POOLS = pgettext_lazy("button", "To the pools")

# A dynamic VM and whoever has it

# Translators: in place of a person's name: nobody has this dynamic VM yet.
NOBODY_YET = pgettext_lazy("who has a dynamic VM", "free")
SOMEBODY_GONE = pgettext_lazy("who has a dynamic VM", "somebody whose account was deleted")
SINCE = pgettext_lazy("who has a dynamic VM", "since %(since)s")

FACT_USED = pgettext_lazy("fact about a dynamic VM", "Screen last open")
FACT_STATE_OF_IMAGE = pgettext_lazy("fact about a golden image", "State")
FACT_STAND_ON_IT = pgettext_lazy("fact about a golden image", "Dynamic VMs on it")
# Translators: who has a dynamic VM: "anna, since 14:03".
PERSON_SINCE = pgettext_lazy("who has a dynamic VM", "%(person)s, since %(since)s")

# Translators: kind: "VM templates", "Golden images". Above the table of what can be done with them, mode by mode.
MODES_OF = pgettext_lazy("name of a choice", "Modes: %(kind)s")
IMAGE_STATE: Mapping[Mode, Promise] = {
    Mode.READY_FOR_USE: pgettext_lazy("state of a golden image", "sealed"),
    Mode.MAINTENANCE: pgettext_lazy("state of a golden image", "being prepared"),
}
# Translators: a golden image; the pool's next VMs are made from it.
IMAGE_IS_ACTIVE = pgettext_lazy("golden image", "%(state)s, active: the pool's next VMs come from it")

# Nodes

OF_WHICH_DYNAMIC = ngettext_lazy("%(count)s of them dynamic", "%(count)s of them dynamic", "count")
FREE_ONES_END = ngettext_lazy(
    "%(count)s dynamic VM that nobody has is not moved: its pool ends it as soon as node %(node)s is in maintenance.",
    "%(count)s dynamic VMs that nobody has are not moved: their pools end them as soon as node %(node)s is in "
    "maintenance.",
    "count",
)
STANDS_IN_THE_WAY = _(
    "A dynamic VM is not moved. %(person)s has had it since %(since)s. Ask for it to be shut down, or shut it down: "
    "then it is thrown away, and whoever opens the pool gets one on another node."
)

# Pools

POOL_HAS_NO_MACHINE = _(
    "No machine belongs to this pool yet. Choose it when one is made, or move machines to it on their pages."
)
POOL_HAS_NO_DYNAMIC_VM = _("It has no VM now.")
