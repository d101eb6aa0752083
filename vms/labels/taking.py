"""Words about dynamic VMs that people open, keep and give back."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from vms.rules.actions import Action
from vms.rules.lasting import Because
from vms.rules.taking import Shut

OPEN = pgettext_lazy("button: take a VM of a pool and see its screen", "Open")
BACK_TO_YOURS = pgettext_lazy("button: see the screen of the VM of a pool that one has", "Back to your VM")
OPEN_ANOTHER = pgettext_lazy("button: take another VM of a pool", "Open another VM")
TRY_AGAIN = pgettext_lazy("button: take a VM of a pool, after one could not be made", "Try again")

_ALL_TAKEN = npgettext_lazy(
    "why a pool gives out no VM",
    "The only VM of this pool is taken. Try again later: whoever has it gives it back by shutting it down.",
    "All %(count)s VMs of this pool are taken. Try again in a few minutes: whoever shuts theirs down makes room. If it "
    "stays so, ask an administrator to raise the pool's maximum.",
    "count",
)
SHUT: Mapping[Shut, Promise] = {
    Shut.OFF: pgettext_lazy(
        "why a pool gives out no VM", "This pool is switched off. An administrator can switch it on."
    ),
    Shut.NO_IMAGE: pgettext_lazy(
        "why a pool gives out no VM",
        "This pool has no golden image yet from which a VM could be made. An administrator can activate one.",
    ),
    Shut.ALL_TAKEN: _ALL_TAKEN,
    Shut.NO_NODE: pgettext_lazy(
        "why a pool gives out no VM",
        "None of this pool's nodes can take a VM at the moment. Try again in a few minutes, or ask an administrator.",
    ),
}
# Translators: why: one of those sentences.
NOT_OPENED = pgettext_lazy("message", "%(pool)s was not opened. %(why)s")

WARNING: Mapping[Because, Promise] = {
    Because.IDLE: pgettext_lazy(
        "warning about a dynamic VM",
        "%(vm)s will be shut down at %(time)s because nobody has its screen open. It is then thrown away with "
        "everything on it.",
    ),
    Because.LONGEST: pgettext_lazy(
        "warning about a dynamic VM",
        "%(vm)s will be shut down at %(time)s because its time is over. It is then thrown away with everything on it: "
        "save elsewhere what you want to keep.",
    ),
}
IS_KEPT = pgettext_lazy("message", "%(vm)s stays. Open its screen, so that it is seen that you need it.")
CANNOT_BE_KEPT = pgettext_lazy(
    "message", "%(vm)s cannot be kept: its time is over, or it is being thrown away already."
)

IS_COMING = pgettext_lazy("page of a VM that is being made", "Your VM is being made")
COMES_BY_ITSELF = pgettext_lazy(
    "page of a VM that is being made", "Its screen opens by itself as soon as it runs. You need not do anything."
)
IS_OUT_OF_REACH = pgettext_lazy("page of a VM whose node cannot be reached", "Your VM cannot be reached")
COMES_BACK_BY_ITSELF = pgettext_lazy(
    "page of a VM whose node cannot be reached",
    "It is still yours. Its screen opens by itself as soon as its node answers again.",
)
IS_GOING = pgettext_lazy("page of a VM that is over", "Your VM is being thrown away")
IS_GONE = pgettext_lazy("page of a VM that is over", "Your VM was thrown away")
GOES_WITH_ALL = pgettext_lazy(
    "page of a VM that is over", "%(vm)s was shut down; what was on it goes with it. You can open another one."
)
NONE_YOURS = pgettext_lazy("page of a pool, for somebody who has none of its VMs", "You have no VM of this pool")
ONE_IS_A_CLICK_AWAY = pgettext_lazy(
    "page of a pool, for somebody who has none of its VMs", "Open it, and you get one for yourself alone."
)
WAS_NOT_MADE = pgettext_lazy("page of a VM that could not be made", "Your VM could not be made")

THROWN_AWAY: Mapping[Action, Promise] = {
    Action.SHUTDOWN: _(
        "The guest of %(vm)s is asked to shut down. Then the VM is thrown away with everything on it. Save elsewhere "
        "first what you want to keep."
    ),
    Action.POWER_OFF: _(
        "%(vm)s is switched off at once, without asking its guest, and is thrown away with everything on it. Save "
        "elsewhere first what you want to keep."
    ),
}
"""Instead of what happens to VMs that stay."""
MANY_THROWN_AWAY = _("The dynamic VMs among them are then thrown away with everything on them.")
BACK_TO_POOL = pgettext_lazy("link", "Back to %(pool)s")
