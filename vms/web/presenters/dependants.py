"""Machines whose disks still need another's: on its page, on their own, and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.models.vm import dependants_of
from vms.operations.permission import may_somewhere
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Link
from vms.rules.progress import Phase
from vms.rules.status import Main
from vms.web.presenters.operations import HowFar, how_far

MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class DependantView:
    """note: what it is at, or why it does not stream. stream_url: where it is asked to stream again, "" if it streams
    or the viewer may not ask."""

    uuid: str
    name: str
    url: str
    far: HowFar
    note: str
    stream_url: str


def dependants(vm: Vm, viewer: Viewer) -> list[DependantView]:
    """vm: from with_operations_under_way()."""
    may_stream = may_somewhere(viewer, Action.STREAM)
    return [_dependant(each, may_stream=may_stream) for each in dependants_of(vm, viewer)]


def _dependant(vm: Vm, *, may_stream: bool) -> DependantView:
    far = _how_far(vm)
    return DependantView(
        uuid=str(vm.uuid),
        name=vm.display_name,
        url=reverse("vms:page", args=[vm.uuid]),
        far=far,
        note=_note(vm, far),
        stream_url=reverse("vms:stream", args=[vm.uuid]) if may_stream and does_not_stream(vm) else "",
    )


def does_not_stream(vm: Vm) -> bool:
    """Though its disks need another's: somebody stopped it, or it failed. A dynamic VM stays as it is. vm: with its
    operations under way."""
    return vm.link == Link.LINKED and vm.kind != Kind.DYNAMIC and not vm.under_way


def _how_far(vm: Vm) -> HowFar:
    job = _job_of(vm)
    return how_far(job) if job else HowFar()


def _job_of(vm: Vm) -> Operation | None:
    return next((operation for operation in vm.under_way if operation.slot == Slot.JOB), None)


def _note(vm: Vm, far: HowFar) -> str:
    if vm.main == Main.DELETING:
        return str(labels.MAIN[Main.DELETING])
    job = _job_of(vm)
    if job is None:
        return str(labels.LINKED if vm.link == Link.LINKED else labels.STREAM_WAITS)
    phase = "" if job.phase == Phase.STREAMING and far.percent_text else far.phase
    return " · ".join(part for part in (phase, far.pace) if part)


@dataclass(frozen=True, slots=True)
class LinkedView:
    """A machine whose disks still need another's, and which does not stream. stream_url: "" if the viewer may not."""

    text: str
    stream_url: str


def linked_view(vm: Vm, viewer: Viewer) -> LinkedView | None:
    """None if it streams, or stands alone. vm: with its operations under way, and its origin prefetched."""
    if not does_not_stream(vm):
        return None
    words = labels.STILL_NEEDS if vm.origin else labels.STILL_NEEDS_UNKNOWN
    return LinkedView(
        text=str(words) % {"origin": vm.origin.display_name if vm.origin else ""},
        stream_url=reverse("vms:stream", args=[vm.pk]) if may_somewhere(viewer, Action.STREAM) else "",
    )


def who_needs_it(vm: Vm, viewer: Viewer) -> str:
    """One or two sentences; "" if nobody does of whom the viewer may know. vm: from with_operations_under_way()."""
    needing = dependants_of(vm, viewer)
    if not needing:
        return ""
    linked = [each for each in needing if does_not_stream(each)]
    others = [each for each in needing if not does_not_stream(each)]
    sentences = (_sentence(labels.STILL_COPY_FROM[Kind(vm.kind)], others), _sentence(labels.STILL_LINKED, linked))
    return " ".join(sentence for sentence in sentences if sentence)


def who_stands_on_it(image: Vm, viewer: Viewer) -> str:
    """One sentence about a golden image; "" if no VM does of which the viewer may know."""
    on_it = Vm.objects.all().visible_to(viewer).of_kind(Kind.DYNAMIC).filter(origin=image)
    names = list(on_it.values_list("display_name", flat=True))
    words = labels.STILL_COPY_FROM[Kind.GOLDEN_IMAGE]
    return str(words % {"names": names_and_more(names), "count": len(names)}) if names else ""


def _sentence(words: Promise, machines: Sequence[Vm]) -> str:
    if not machines:
        return ""
    names = names_and_more([f"{vm.display_name} {_how_far(vm).percent_text}".strip() for vm in machines])
    return str(words % {"names": names, "count": len(machines)})


def names_and_more(names: Sequence[str]) -> str:
    """One after the other, a long list cut short."""
    shown, more = ", ".join(names[:MOST_NAMES]), len(names) - MOST_NAMES
    return str(labels.AND_MORE % {"names": shown, "count": more}) if more > 0 else shown
