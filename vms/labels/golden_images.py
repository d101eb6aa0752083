"""Words about golden images: the full copies of templates, on which the VMs of dynamic pools stand."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from vms.rules.golden_images import NoPlace

# Translators: a line in the past of a golden image: nothing changes it any more.
SEALED_BY = _("Sealed by %(person)s")

# The form

MAKE_TITLE = _("Make a golden image of %(vm)s")
# Translators: a name that is proposed for a golden image: its template, and today's date.
SUGGESTED_NAME = pgettext_lazy("name of a golden image", "%(vm)s %(day)s")
POOL_ON_NODES = pgettext_lazy("choice of a pool", "%(pool)s: %(nodes)s")
POOL_ON_EVERY_NODE = pgettext_lazy("choice of a pool", "%(pool)s: every node")
POOL_IS_GONE = _("This pool was removed meanwhile. Choose another one.")
OUTSIDE_OF_POOL = _("The pool may not use this: %(names)s. Change the pool, or its template.")
NO_PLACE: Mapping[NoPlace, Promise] = {
    NoPlace.NO_NODES: _("The panel knows none of the nodes that the pool may use."),
    NoPlace.NO_FOLDER: _("Node %(nodes)s has no storage pool that the pool may use."),
    NoPlace.NOT_SHARED: _(
        "The nodes of the pool have no folder in which all of them see the same files: %(nodes)s. Its VMs stand on the "
        "golden image on whichever node they run. Share a folder among these nodes, or let the pool use only one node."
    ),
    NoPlace.NODES_OUT: _("None of the nodes of the pool can make it now: %(nodes)s."),
}
"""nodes: their names, with commas."""

# On the page of a pool

MADE_FROM_UNKNOWN = pgettext_lazy("from which template a golden image was made", "a template that is gone")
STAND_ON_IT = ngettext_lazy("%(count)s VM stands on it", "%(count)s VMs stand on it", "count")
NONE_STANDS_ON_IT = _("no VM stands on it")
ACTIVE_ONCE_SEALED = _("It is activated as soon as it is sealed.")
ACTIVE_ONCE_COPIED = _("It is activated as soon as it is copied.")

# Questions, and what has been done

SEAL_TITLE = _("Seal %(vm)s?")
SEAL_MEANS = _(
    "Its preparation is over: from now on nothing changes %(vm)s. It is not started again, and VMs can stand on it. To "
    "change something later, make a new golden image from the template."
)
SEAL_ACTIVATES = _("It is activated at once, as was chosen when it was made: new VMs of pool %(pool)s come from it.")
IS_BEING_SEALED = _("%(vm)s is being sealed.")
ACTIVATE_TITLE = _("Activate %(vm)s?")
ACTIVATE_MEANS = _("New VMs of pool %(pool)s come from %(vm)s from now on.")
OLD_ONES_GO_ON = _(
    "VMs that people have of %(old)s go on until they are switched off. Those that nobody has are replaced one after "
    "the other."
)
POOL_IS_OFF = _("The pool is switched off: no VM is made until it is switched on.")
IS_ACTIVE_NOW = _("New VMs of pool %(pool)s come from %(vm)s now.")
RELEASE = pgettext_lazy("button: no more VMs are made of a golden image", "Take out of use")
RELEASE_TITLE = _("Take %(vm)s out of use?")
RELEASE_MEANS = _("Pool %(pool)s makes no more VMs, until a golden image is activated.")
RELEASE_KEEPS = _("VMs that people have go on until they are switched off.")
IS_RELEASED = _("%(vm)s is no longer in use: pool %(pool)s makes no VMs until a golden image is activated.")
WAS_NOT_ACTIVE = _("%(vm)s was not in use.")
