"""Words about rights on pools of virtual machines, and about rights that count through them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms.rules.actions import Action
from vms.rules.pools import PoolKind

WHO_MAY_USE: Mapping[Action, Promise] = {
    Action.USERS: _("People who may use the VMs of %(pool)s"),
    Action.GROUPS: _("Groups that may use the VMs of %(pool)s"),
}
NOBODY_MAY_YET: Mapping[Action, Promise] = {
    Action.USERS: _(
        "Nobody was given a right on this pool yet. Whose role is for every machine may use its VMs all the same."
    ),
    Action.GROUPS: _(
        "No group was given a right on this pool yet. Whose role is for every machine may use its VMs all the same."
    ),
}
MAY_USE_THEM = pgettext_lazy("heading: people or groups", "May use the VMs of this pool")

USE_TIP: Mapping[PoolKind, Promise] = {
    PoolKind.TEMPLATE: _("Nothing: who sees and uses VM templates follows from roles alone."),
    PoolKind.PERSISTENT: _("See all VMs of the pool and open their screens, also of those that join it later."),
    PoolKind.DYNAMIC: _("Open the pool: have one of its VMs, which nobody else sees, use it and shut it down."),
}
"""What the right to use lets people do with the VMs of such a pool."""

OPERATE_TIP: Mapping[PoolKind, Promise] = {
    PoolKind.TEMPLATE: _("Nothing either."),
    PoolKind.PERSISTENT: _("The same, and start, shut down, power off, reset and pause them."),
    PoolKind.DYNAMIC: _("The same: whoever has a dynamic VM may do all that with it."),
}

# Translators: names: people or groups, several of them separated by commas.
GIVEN = _("Now also may use the VMs of %(pool)s: %(names)s.")
CHANGED = _("Their rights on %(pool)s were changed: %(names)s.")
TAKEN = _("May no longer use the VMs of %(pool)s: %(names)s.")
HAD_ONE = _("Somebody else had given a right on %(pool)s meanwhile, which was left as it is: %(names)s.")
UNCHANGED = _("Nothing about who may use the VMs of %(pool)s was changed.")

PEOPLE = pgettext_lazy("section of a pool's page", "People")
GROUPS = pgettext_lazy("section of a pool's page", "Groups")
NO_PERSON = _("Nobody was given a right on this pool.")
NO_GROUP = _("No group was given a right on this pool.")
# Translators: these lead to where rights on a pool are given and taken away.
CHOOSE_PEOPLE = pgettext_lazy("link: rights", "Choose people")
CHOOSE_GROUPS = pgettext_lazy("link: rights", "Choose groups")

# Translators: above a list of people, or of groups, in the dialog of one VM.
ALSO_THROUGH = _("Through the pool %(pool)s")

# Translators: these say where a right comes from: "pool Desks, own right: use + operate, by anna, 14:03".
THROUGH_OWN = pgettext_lazy("where a right comes from", "pool %(pool)s, own right: %(right)s, %(given)s")
THROUGH_GROUP = pgettext_lazy("where a right comes from", "pool %(pool)s, group %(group)s: %(right)s, %(given)s")
# Translators: of a dynamic VM that this person has.
HAS_IT_BY_OWN = pgettext_lazy("where a right comes from", "has this VM, from the pool %(pool)s: own right, %(given)s")
HAS_IT_BY_GROUP = pgettext_lazy(
    "where a right comes from", "has this VM, from the pool %(pool)s: group %(group)s, %(given)s"
)
