"""Machines that are to be made from another one: what will happen, and what stands against it, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.labels import pooling as words
from vms.models import Interface, Vm
from vms.models.facts import facts_of
from vms.models.pooling import plugs_of
from vms.models.viewer import Viewer
from vms.operations.making import taken_names
from vms.operations.planning import Candidate, Wish, cannot_be_copied, disks_to_copy
from vms.operations.pooling import require_places, require_room
from vms.operations.requesting import ActionRefused, holder_of
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.web import formats
from vms.web.forms.copying import CopyForm
from vms.web.presenters.facts import Fact
from vms.web.presenters.holding import refusal
from vms.web.presenters.places import why_out
from vms.web.presenters.pooling import REFUSALS, field_of, why_not


@dataclass(frozen=True, slots=True)
class Origin:
    """What is copied. uncopyable: its disks that cannot be, in words."""

    title: str
    lead: str
    url: str
    uncopyable_title: str
    uncopyable: list[str]


@dataclass(frozen=True, slots=True)
class Objection:
    """field: of the form, where it can be helped; None if nowhere."""

    field: str | None
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class NewName:
    name: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """For a gauge: bytes needed and free, and both in words."""

    label: str
    needed: int
    free: int
    text: str


@dataclass(frozen=True, slots=True)
class Review:
    """warnings: what does not stand against it, but should be known before."""

    names: list[NewName]
    facts: list[Fact]
    memory: Memory
    notes: list[str]
    objections: list[Objection]
    warnings: list[str]
    label: str


def origin_view(origin: Vm, action: Action) -> Origin:
    name = {"vm": origin.display_name}
    return Origin(
        title=str(labels.COPY_TITLE[action]) % name,
        lead=str(labels.COPY_LEAD[action]),
        url=reverse("vms:page", args=[origin.uuid]),
        uncopyable_title=str(labels.CANNOT_BE_COPIED) % name,
        uncopyable=[_why_not(disk.target, disk.path) for disk in cannot_be_copied(origin)],
    )


def why_not_now(origin: Vm, action: Action, viewer: Viewer) -> str:
    """A sentence, "" if it is possible. origin: from with_operations_under_way()."""
    reason = possible(facts_of(origin, origin.under_way), action).reason
    if reason is None:
        return ""
    return refusal(origin, ActionRefused(action, reason, holder_of(origin.under_way, action)), viewer)


def _why_not(target: str, path: str) -> str:
    sentence = labels.DISK_FORMAT_UNKNOWN if path.startswith("/") else labels.DISK_IS_NO_FILE
    return str(sentence) % {"disk": target, "path": path}


def why_nodes_are_out(form: CopyForm) -> list[str]:
    """In sentences, without the chosen one if they stand at its field."""
    said = form["node"].value() if "node" in form.errors else None
    offered = [each for each in form.candidates if each.is_of_the_pool and each.node.name != said]
    return [sentence for each in offered for sentence in _why_out(form, each)]


def _why_out(form: CopyForm, candidate: Candidate) -> list[str]:
    return why_out(candidate, form.needed, form.origin)


def objections(form: CopyForm, viewer: Viewer) -> list[Objection]:
    """What stands against a valid form at this moment."""
    return list(_objections(form, taken_names(form.names), viewer))


def _objections(form: CopyForm, taken: Collection[str], viewer: Viewer) -> Iterator[Objection]:
    if refused := why_not_now(form.origin, form.action, viewer):
        yield Objection(None, refused)
    if taken:
        yield Objection("name", names_taken(taken))
    for sentence in _why_out(form, form.chosen):
        yield Objection("node", sentence)
    yield from _against_the_pool(form)


def _against_the_pool(form: CopyForm) -> Iterator[Objection]:
    """As it is at this moment: when the machines are promised it is looked at again."""
    pool, wishes = form.vm_pool_now, form.wishes
    if pool is None:
        return
    memory, vcpus = sum(wish.memory for wish in wishes), sum(wish.vcpus for wish in wishes)
    try:
        require_places(pool, form.chosen.node, [wishes[0].pool.folder], plugs_of(form.origin, wishes[0].network))
        require_room(pool, vms=len(wishes), memory=memory, vcpus=vcpus)
    except REFUSALS as refused:
        yield Objection(field_of(refused, form), why_not(refused))


def names_taken(names: Collection[str]) -> str:
    return labels.NAMES_TAKEN % {"count": len(names), "names": ", ".join(sorted(names))}


def review(form: CopyForm, viewer: Viewer) -> Review:
    """form: a valid one."""
    wishes = form.wishes
    count = len(wishes)
    taken = taken_names(form.names)
    return Review(
        names=[NewName(name, name in taken) for name in form.names],
        facts=list(_facts(form, wishes[0], count)),
        memory=_memory(form, wishes[0], count),
        notes=_notes(form, wishes[0], count),
        objections=list(_objections(form, taken, viewer)),
        warnings=list(_warnings(form, wishes[0], count)),
        label=labels.MAKE_VMS % {"count": count},
    )


def _memory(form: CopyForm, wish: Wish, count: int) -> Memory:
    free = form.chosen.node.memory_free
    words = {"needed": _each(count, formats.size(wish.memory)), "free": formats.size(free)}
    return Memory(str(labels.ABOUT_MEMORY), form.needed, max(free, 1), str(labels.COPY_MEMORY) % words)


def _facts(form: CopyForm, wish: Wish, count: int) -> Iterator[Fact]:
    node = form.chosen.node
    yield Fact(str(labels.ABOUT_NODE), node.name, url=reverse("nodes:page", args=[node.pk]))
    if form.vm_pool_now is not None:
        yield Fact(str(words.ABOUT_VM_POOL), form.vm_pool_now.name, url=reverse("vms:pool", args=[form.vm_pool_now.pk]))
    yield Fact(str(labels.ABOUT_VCPUS), _each(count, str(wish.vcpus)))
    yield Fact(str(labels.ABOUT_NETWORK), wish.network or _plugged_into(form.origin) or str(labels.COPY_NONE))
    yield Fact(str(labels.ABOUT_POOL), f"{wish.pool.name} ({wish.pool.folder})")
    disks = list(_disks(form.origin, wish)) or [str(labels.COPY_NONE)]
    yield from (Fact(str(labels.ABOUT_DISKS), disk) for disk in disks)
    limit = formats.speed(wish.limit) if wish.limit else str(labels.COPY_NO_LIMIT)
    yield Fact(str(labels.ABOUT_LIMIT), limit)


def _each(count: int, amount: str) -> str:
    return str(labels.COPY_EACH) % {"count": count, "size": amount} if count > 1 else amount


def _disks(origin: Vm, wish: Wish) -> Iterator[str]:
    for number, disk in enumerate(disks_to_copy(origin)):
        size = max(wish.capacity if number == 0 else 0, disk.capacity or 0)
        yield str(labels.COPY_DISK) % {"disk": disk.target, "size": formats.size(size)}


def _copied(origin: Vm, count: int) -> int | None:
    """Bytes that all of them will hold at least; None if the panel does not know."""
    sizes = [disk.allocation for disk in disks_to_copy(origin)]
    known = [size for size in sizes if size is not None]
    return sum(known) * count if len(known) == len(sizes) else None


def _notes(form: CopyForm, wish: Wish, count: int) -> list[str]:
    copied = _copied(form.origin, count)
    grows = labels.COPY_GROWS_UNKNOWN if copied is None else labels.COPY_GROWS
    starts = labels.COPY_STARTS if wish.start else labels.COPY_STAYS_OFF
    return [
        str(starts % {"count": count}),
        str(grows) % {"used": formats.size(copied or 0), "free": formats.size(wish.pool.free)},
        str(labels.COPY_HOLDS[form.action]) % {"vm": form.origin.display_name},
    ]


def _warnings(form: CopyForm, wish: Wish, count: int) -> Iterator[str]:
    node, copied = form.chosen.node, _copied(form.origin, count) or 0
    if copied > wish.pool.free:
        words = {"used": formats.size(copied), "free": formats.size(wish.pool.free), "pool": wish.pool.name}
        yield str(labels.COPY_TOO_FULL) % words
    if 0 < node.cpus < wish.vcpus:
        yield str(labels.COPY_MANY_VCPUS) % {"node": node.name, "cpus": labels.cpus(node.cpus)}
    for plugged in _unseen(form, wish):
        yield str(labels.COPY_OWN_BRIDGE) % {"plugged": plugged, "node": node.name}


def _unseen(form: CopyForm, wish: Wish) -> list[str]:
    """Bridges and devices that the origin is plugged into and that its copies on another node will be, too."""
    if form.chosen.node.pk == form.origin.node_id:
        return []
    kept = list(form.origin.interfaces.all())[0 if wish.network is None else 1 :]
    return [_words_of(each) for each in kept if each.source_type in {"bridge", "direct"}]


def _plugged_into(origin: Vm) -> str:
    return ", ".join(dict.fromkeys(map(_words_of, origin.interfaces.all())))


def _words_of(interface: Interface) -> str:
    return labels.plugged_into(interface.source_type, interface.source)
