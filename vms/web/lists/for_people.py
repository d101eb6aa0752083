"""A list as one person may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from stoney_panel.lists import ListKind
from vms.labels import dynamic as words
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.kinds import Kind

SET_UP = frozenset({"node", "pool", "assigned", "image"})
"""Columns that say how machines are set up."""

TEMPLATES = pgettext_lazy("navigation", "VM templates")
EVERY_VM = pgettext_lazy("navigation", "Virtual machines")
# Translators: the same list, of somebody who sees only the machines that they were given.
MY_VMS = pgettext_lazy("navigation", "My virtual machines")


EVERY: Mapping[Kind, Promise] = {
    Kind.VM: EVERY_VM,
    Kind.DYNAMIC: words.DYNAMIC_VMS,
    Kind.TEMPLATE: TEMPLATES,
    Kind.GOLDEN_IMAGE: words.GOLDEN_IMAGES,
}
MINE: Mapping[Kind, Promise] = {Kind.VM: MY_VMS, Kind.DYNAMIC: words.MY_DYNAMIC_VMS}


def title_for(person: Viewer, kind: Kind) -> Promise:
    """What the list of these machines is called."""
    return EVERY[kind] if sees_every_vm(person) else MINE.get(kind, EVERY[kind])


def list_for(person: Viewer, kind: ListKind) -> ListKind:
    """Without nodes and what else is set up, for whoever is told nothing of it: nothing is sorted or found by that."""
    if sees_nodes(person):
        return kind
    columns = {key: column for key, column in kind.columns.items() if key not in SET_UP}
    return replace(kind, columns=columns, search=tuple(field for field in kind.search if "node" not in field))
