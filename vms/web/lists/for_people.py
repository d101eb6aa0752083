"""A list as one person may see it."""

from __future__ import annotations

from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from stoney_panel.lists import ListKind
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.kinds import Kind

NODE = "node"

TEMPLATES = pgettext_lazy("navigation", "VM templates")
EVERY_VM = pgettext_lazy("navigation", "Virtual machines")
# Translators: the same list, of somebody who sees only the machines that they were given.
MY_VMS = pgettext_lazy("navigation", "My virtual machines")


def title_for(person: Viewer, kind: Kind) -> Promise:
    """What the list of these machines is called."""
    if kind is Kind.TEMPLATE:
        return TEMPLATES
    return EVERY_VM if sees_every_vm(person) else MY_VMS


def list_for(person: Viewer, kind: ListKind) -> ListKind:
    """Without the column of nodes for whoever is told nothing of them: it is neither sorted by nor searched."""
    if sees_nodes(person):
        return kind
    columns = {key: column for key, column in kind.columns.items() if key != NODE}
    return replace(kind, columns=columns, search=tuple(field for field in kind.search if "node" not in field))
