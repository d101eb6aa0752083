"""Words about pools of virtual machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy, pgettext_lazy

from vms.rules.pooling import Limit
from vms.rules.pools import PoolKind

POOL_KIND: Mapping[PoolKind, Promise] = {
    PoolKind.TEMPLATE: pgettext_lazy("which machines belong to a pool", "VM templates"),
    PoolKind.PERSISTENT: pgettext_lazy("which machines belong to a pool", "persistent VMs"),
    PoolKind.DYNAMIC: pgettext_lazy("which machines belong to a pool", "dynamic VMs"),
}
POOL_KIND_MEANS: Mapping[PoolKind, Promise] = {
    PoolKind.TEMPLATE: _("Templates, from which other machines are made."),
    PoolKind.PERSISTENT: _("VMs that stay until somebody deletes them."),
    PoolKind.DYNAMIC: _(
        "VMs that are kept ready for whoever opens the pool, and thrown away when they are shut down. They stand on a "
        "golden image."
    ),
}

# The list

POOLS = pgettext_lazy("navigation", "Pools")
MY_POOLS = pgettext_lazy("navigation", "My pools")

# How much of a pool is in use

VMS_IN_USE = pgettext_lazy("bar: how much of a pool is in use", "VMs of the pool")
TEMPLATES_IN_USE = pgettext_lazy("bar: how much of a pool is in use", "Templates of the pool")
MEMORY_IN_USE = pgettext_lazy("bar: how much of a pool is in use", "Memory of the pool")
VCPUS_IN_USE = pgettext_lazy("bar: how much of a pool is in use", "vCPUs of the pool")
USED_WITHOUT_LIMIT = pgettext_lazy("how much of a pool is in use", "%(used)s, no limit")

# Dynamic VMs of a pool, each in one of these

READY = ngettext_lazy("%(count)s ready", "%(count)s ready", "count")
BEING_MADE = ngettext_lazy("%(count)s being made", "%(count)s being made", "count")
TAKEN = ngettext_lazy("%(count)s taken", "%(count)s taken", "count")
ENDING = ngettext_lazy("%(count)s ending", "%(count)s ending", "count")
NOT_USABLE = ngettext_lazy("%(count)s not usable", "%(count)s not usable", "count")
OF_AT_MOST = pgettext_lazy("how many dynamic VMs a pool has", "%(count)s of at most %(most)s")

IS_OFF = _("The pool is off: no VM is made for it or given out. Those that people have go on until they are shut down.")
NO_IMAGE = _(
    "The pool has no active golden image, so no VM can be made. Make a golden image from a template, and activate it."
)
IMAGE_IS_NOT_SEALED = _(
    "Golden image %(image)s is not sealed, or is still being copied. VMs are made as soon as it stands alone and is "
    "sealed."
)
NO_NODE = _("None of the pool's nodes could take another VM now.")
LAST_TRY_FAILED = _("The last VM could not be made.")
NEXT_TRY = _("The next try is at %(at)s.")
TRIES_AGAIN = _("It is tried again.")
LIMIT_REACHED: Mapping[Limit, Promise] = {
    Limit.VMS: _("Another VM would be more than the pool may have."),
    Limit.MEMORY: _("Another VM would need more memory than the machines of the pool may have together."),
    Limit.VCPUS: _("Another VM would need more vCPUs than the machines of the pool may have together."),
}
ALL_TAKEN = _("All VMs that the pool may have are taken. Whoever opens it now has to wait until one is given back.")
NONE_KEPT_READY = _("No VM is kept ready: one is made when somebody opens the pool, which takes a little longer.")

# What a pool may use

NODES = pgettext_lazy("fact about a pool", "Nodes")
FOLDER = pgettext_lazy("fact about a pool", "Storage")
NETWORKS = pgettext_lazy("fact about a pool", "Networks")
SCHEDULE = pgettext_lazy("fact about a pool", "Schedule of backups")
MEMORY = pgettext_lazy("fact about a pool: what a new machine gets", "Memory")
VCPUS = pgettext_lazy("fact about a pool: what a new machine gets", "vCPUs")
NETWORK = pgettext_lazy("fact about a pool: what a new machine gets", "Network")
AT_LEAST = pgettext_lazy("fact about a pool: how many VMs there are", "At least")
KEPT_READY = pgettext_lazy("fact about a pool: how many VMs run for nobody yet", "Ready")
AT_MOST = pgettext_lazy("fact about a pool: how many VMs there are", "At most")
WITHOUT_A_LOOK = pgettext_lazy("fact about a pool: when a VM is shut down", "Shut down unused")
IN_ANY_CASE = pgettext_lazy("fact about a pool: when a VM is shut down", "Shut down at the latest")
WARNED = pgettext_lazy("fact about a pool: when somebody is told that a VM will be shut down", "Warned")
EVERY_NODE = pgettext_lazy("where machines of a pool may be", "every node")
EVERY_FOLDER = pgettext_lazy("where machines of a pool may be", "every storage pool")
EVERY_NETWORK = pgettext_lazy("where machines of a pool may be", "every network")
NO_SCHEDULE = pgettext_lazy("schedule that backs up a pool", "none of its own")
AS_THE_TEMPLATE = pgettext_lazy("what a new machine of a pool gets", "as its template")
AS_THE_ORIGIN = pgettext_lazy("what a new machine of a pool gets", "as what it is made from")
AS_THE_IMAGE = pgettext_lazy("what a new machine of a pool gets", "as its golden image")
NO_LIMIT = pgettext_lazy("limit of a pool", "no limit")
NEVER = pgettext_lazy("when a dynamic VM is shut down", "never")
AFTER = pgettext_lazy("when a dynamic VM is shut down", "after %(time)s")
BEFORE = pgettext_lazy("when somebody is warned", "%(time)s before")

# The form

FOLDER_OF_NODES = pgettext_lazy("choice of a folder of storage pools", "%(folder)s: %(nodes)s")
FOLDER_SHARED = pgettext_lazy("choice of a folder of storage pools", "%(folder)s: %(nodes)s (shared)")
POOL_NAME_TAKEN = _("There is a pool with this name already.")
KEEPS_ITS_KIND = _("The pool has machines or golden images: its kind stays as it is.")
NEEDS_A_MAXIMUM = _("Say how many VMs there may be at most, at least 1: a dynamic pool makes them by itself.")
MINIMUM_TOO_LARGE = _("There cannot be more VMs at least than at most: enter %(most)s or less.")
PRE_STARTED_TOO_LARGE = _("No more VMs can be ready than there may be at most: enter %(most)s or less.")
# Translators: of the form of a pool: how long before a VM is shut down its person is warned.
WARNS_TOO_EARLY = _("The warning would come before the VM is taken: enter less than %(minutes)s minutes.")
NEEDS_A_SHARED_FOLDER = _(
    "Choose a folder that all nodes of the pool share: its VMs may run on any of them, and all stand on the same "
    "golden image. Or tick a single node."
)
FOLDER_IS_NOT_SHARED = _(
    "All nodes of a dynamic pool have to share the folder, as all VMs stand on the same golden image. It is not shared "
    "on: %(nodes)s."
)
FOLDER_IS_NOT_THERE = _("These nodes have no storage pool with this folder: %(nodes)s.")
TOO_LITTLE_MEMORY = _("Enter at least %(least)s MiB, or nothing.")
NO_NODE_HAS_IT = _("No node has a storage pool with this folder, in which disks can be put.")
NETWORK_IS_OUTSIDE = _("New VMs cannot be plugged into %(network)s: it is none of the networks ticked above.")
NETWORK_IS_NOT_THERE = pgettext_lazy("choice of a network", "%(network)s (on no node now)")

# What has been done

POOL_ADDED = _("Pool %(pool)s was added.")
POOL_CHANGED = _("Pool %(pool)s was changed. Machines that it has stay where they are.")
POOL_REMOVED = _("Pool %(pool)s was removed.")
POOL_GONE = _("This pool is not there any more.")
POOL_SWITCHED: Mapping[bool, Promise] = {
    True: _("Pool %(pool)s is on: its VMs are made and given out."),
    False: _("Pool %(pool)s is off. VMs that people have go on."),
}
POOL_WAS_SO: Mapping[bool, Promise] = {
    True: _("Pool %(pool)s was on already."),
    False: _("Pool %(pool)s was off already."),
}
REMOVE_TITLE = _("Remove pool %(pool)s?")
REMOVE_TEXT = _("Its limits and the rights that people have on it are gone. No machine belongs to it.")
REMOVE = pgettext_lazy("button", "Remove the pool")


def pool_is_needed(machines: int, images: int) -> str:
    """Why it cannot be removed: one of the numbers is not 0."""
    if machines:
        return ngettext(
            "%(count)s machine still belongs to this pool. Delete it, or move it to another pool first.",
            "%(count)s machines still belong to this pool. Delete them, or move them to another pool first.",
            machines,
        ) % {"count": machines}
    return ngettext(
        "%(count)s golden image still belongs to this pool. Delete it first.",
        "%(count)s golden images still belong to this pool. Delete them first.",
        images,
    ) % {"count": images}


def only_node_of_pools(node: str, pools: Sequence[str]) -> str:
    """Why it cannot be removed."""
    return ngettext(
        "Node %(node)s was not removed: the pool %(pools)s has no other one. Give it another node, or remove it first.",
        "Node %(node)s was not removed: the pools %(pools)s have no other one. Give them another node, or remove them "
        "first.",
        len(pools),
    ) % {"node": node, "pools": ", ".join(pools)}
