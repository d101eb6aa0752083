"""The tags of a machine, on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from vms.models import Tag, Vm
from vms.models.viewer import Viewer
from vms.operations.permission import may_describe
from vms.rules.kinds import Kind
from vms.web.requests import list_of

MOST_PROPOSALS = 200


@dataclass(frozen=True, slots=True)
class TagLink:
    """url: the list of the machines that have it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class MachineTags:
    """proposals: tags of other machines."""

    uuid: str
    tags: list[TagLink]
    may_change: bool
    proposals: list[str]


def machine_tags(vm: Vm, viewer: Viewer) -> MachineTags:
    names = [tag.name for tag in vm.tags.all()]
    start = reverse(list_of(Kind(vm.kind)))
    others = Tag.objects.exclude(name__in=names).values_list("name", flat=True)[:MOST_PROPOSALS]
    return MachineTags(
        uuid=str(vm.uuid),
        tags=[TagLink(name, f"{start}?{urlencode({'tag': name})}") for name in names],
        may_change=may_describe(viewer),
        proposals=list(others) if may_describe(viewer) else [],
    )
