"""Which machines a bulk action is about: ticked rows, all that an address finds, or the unlucky ones of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from vms.models import Bulk, BulkItem, Vm
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.operations.permission import sees_every_vm, sees_nodes
from vms.rules.actions import Action
from vms.web.addresses import uuid_of
from vms.web.lists.machine_columns import KIND_OF, URL_OF
from vms.web.lists.machine_filters import Filters
from vms.web.presenters.bulk_result import retryable

MOST_TICKED = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Part of an address. page and query: the list where it was made; everything: all that is found there, not only
    what is ticked; bulk: another one, of which those are asked again that were refused or have failed."""

    page: str
    query: str
    everything: bool
    ticked: tuple[UUID, ...]
    bulk: str

    @classmethod
    def asked_by(cls, request: HttpRequest) -> Selection:
        asked = request.GET
        page = asked.get("page", "")
        bulk = asked.get("bulk", "")
        return cls(
            page=page if page in KIND_OF else "vms",
            query=asked.get("query", ""),
            everything=bool(asked.get("all")),
            ticked=tuple(uuid for uuid in map(uuid_of, asked.getlist("vm")[:MOST_TICKED]) if uuid),
            bulk=bulk if bulk.isascii() and bulk.isdigit() else "",
        )

    def machines(self, viewer: Viewer) -> Iterable[Vm]:
        """Those of them that the viewer may see, ready for the rules, in the order of their names."""
        return self._found(viewer).order_by("display_name", "pk").with_operations_under_way()

    def answers(self) -> list[tuple[str, str]]:
        """What in an address finds the same machines again."""
        answers = [("page", self.page), ("query", self.query)]
        if self.bulk:
            return [*answers, ("bulk", self.bulk)]
        if self.everything:
            return [*answers, ("all", "1")]
        return [*answers, *(("vm", str(uuid)) for uuid in self.ticked)]

    @property
    def back_url(self) -> str:
        """The list as it was."""
        if self.bulk:
            return reverse("bulk:page", args=[self.bulk])
        return f"{reverse(URL_OF[self.page])}{'?' if self.query else ''}{self.query}"

    def _found(self, viewer: Viewer) -> VmQuerySet:
        visible = Vm.objects.all().visible_to(viewer)
        if self.bulk:
            return visible.filter(pk__in=_unlucky_ones(int(self.bulk), viewer))
        if self.everything:
            asked, kind = QueryDict(self.query), KIND_OF[self.page]
            return Filters.asked(asked, kind, sees_nodes=sees_nodes(viewer)).found(visible)
        return visible.filter(pk__in=self.ticked)


def _unlucky_ones(pk: int, viewer: Viewer) -> Iterable[UUID]:
    bulk = Bulk.objects.filter(pk=pk).first()
    if bulk is None or not may_see_bulk(viewer, bulk):
        return []
    items = BulkItem.objects.filter(retryable(Action(bulk.action)), bulk=bulk)
    return items.values_list("vm_id", flat=True)


def may_see_bulk(viewer: Viewer, bulk: Bulk) -> bool:
    return bulk.requested_by_id == viewer.pk or sees_every_vm(viewer)
