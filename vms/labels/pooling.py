"""Words about what belongs to a pool: where its machines may be, what they may have together."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from vms.rules.kinds import Kind
from vms.rules.pooling import Limit, Part

NO_POOL = pgettext_lazy("which pool a machine belongs to", "none")
ABOUT_VM_POOL = pgettext_lazy("fact about a new machine: of virtual machines", "Pool")

# Translators: most, used, wanted: sizes or numbers; wanted: what would be added.
FULL: Mapping[Limit, Promise] = {
    Limit.VMS: _("Machines of the pool %(pool)s: %(used)s of at most %(most)s. There is no room for %(wanted)s more."),
    Limit.MEMORY: _(
        "Memory of the pool %(pool)s: %(used)s of at most %(most)s given out. There is no room for %(wanted)s more."
    ),
    Limit.VCPUS: _(
        "vCPUs of the pool %(pool)s: %(used)s of at most %(most)s given out. There is no room for %(wanted)s more."
    ),
}
# Translators: names: of what lies outside, one or several; allowed: what the pool may use.
OUTSIDE: Mapping[Part, Promise] = {
    Part.NODE: _("Node %(names)s is none of those of the pool %(pool)s. It may use: %(allowed)s."),
    Part.FOLDER: _("Machines of the pool %(pool)s have their disks in %(allowed)s, and not in %(names)s."),
    Part.NETWORK: _("Machines of the pool %(pool)s may not be plugged into %(names)s. They may use: %(allowed)s."),
}
GONE = _("The pool was removed meanwhile, or is for other machines by now. Choose another one.")
NOT_OFFERED = _("This pool is not among those that you can choose.")
PLACE_NOT_OFFERED = _("Machines of the pool %(pool)s may not use this. Choose one of those that are offered now.")

# Translators: help below the choice of a pool in a form.
WHAT_A_POOL_DOES: Mapping[Kind, Promise] = {
    Kind.VM: _("It says where the VM may be, and how much the VMs of the pool may have together."),
    Kind.TEMPLATE: _("It says where the template may be, and how much the templates of the pool may have together."),
}

MOVE_TITLE = _("Pool of %(vm)s")
MOVES = _("%(vm)s is moved to the pool %(pool)s.")
LEAVES = _("%(vm)s leaves its pool.")
IS_THERE = _("%(vm)s belongs to the pool %(pool)s already.")
IS_IN_NONE = _("%(vm)s belongs to no pool.")

# Translators: what a backup schedule covers besides; pools: their names, one after the other.
AND_POOLS = ngettext_lazy("and the pool %(pools)s", "and the pools %(pools)s", "count")
# Translators: what is said before a schedule is removed; pools: the names of pools that are backed up by it.
REMOVE_SCHEDULE_POOLS = ngettext_lazy(
    "The pool %(pools)s is backed up by it: its machines are backed up no longer by this schedule.",
    "The pools %(pools)s are backed up by it: their machines are backed up no longer by this schedule.",
    "count",
)
