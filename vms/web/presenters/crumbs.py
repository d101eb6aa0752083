"""Where a page of a machine stands: in which list, and of which machine."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms.models import Vm
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind
from vms.web.lists.for_people import title_for
from vms.web.requests import list_of


@dataclass(frozen=True, slots=True)
class Crumbs:
    list_title: Promise
    list_url: str
    name: str
    url: str


def crumbs_of(vm: Vm, viewer: Viewer) -> Crumbs:
    kind = Kind(vm.kind)
    return Crumbs(title_for(viewer, kind), reverse(list_of(kind)), vm.display_name, reverse("vms:page", args=[vm.pk]))
