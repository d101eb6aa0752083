"""A list of machines in which there is nothing yet: why, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.labels import dynamic as words
from vms.models.viewer import Viewer
from vms.operations.permission import may_make
from vms.rules.kinds import Kind

ICON: Mapping[Kind, str] = {
    Kind.VM: "vm",
    Kind.DYNAMIC: "clock",
    Kind.TEMPLATE: "template",
    Kind.GOLDEN_IMAGE: "disk",
}

CREATE_OF: Mapping[Kind, str] = {Kind.VM: "vms:create", Kind.TEMPLATE: "vms:create_template"}


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing to do. url: "" if this person cannot do it."""

    url: str = ""
    label: Promise | str = ""


@dataclass(frozen=True, slots=True)
class NothingYet:
    icon: str
    title: Promise
    text: Promise
    next: Next


def nothing_yet(kind: Kind, viewer: Viewer) -> NothingYet:
    """Dynamic VMs come from their pools, so that is where this leads."""
    pools = Next(reverse("vms:pools"), words.TO_THE_POOLS)
    return NothingYet(
        icon=ICON[kind],
        title=words.NOTHING_YET[kind],
        text=words.WHY_NOTHING_YET[kind],
        next=pools if kind is Kind.DYNAMIC else creating(kind, viewer),
    )


def creating(kind: Kind, viewer: Viewer) -> Next:
    """Of one more machine, out of nothing."""
    if kind not in CREATE_OF or not may_make(viewer):
        return Next()
    return Next(reverse(CREATE_OF[kind]), labels.CREATE_TITLE[kind])
