"""Before a golden image is sealed, put in use or taken out of use: what will happen. And where the next one can lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise

from vms import labels
from vms.labels import golden_images as words
from vms.models import Vm, VmPool
from vms.models.facts import facts_of
from vms.models.viewer import Viewer
from vms.operations.golden_images import ImagePlace, place_for, to_be_activated
from vms.operations.requesting import holder_of
from vms.rules.actions import Action
from vms.rules.asking import possible
from vms.rules.golden_images import NoPlace
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.holding import why_off
from vms.web.presenters.places import why_out


def seal_question(image: Vm, key: UUID, viewer: Viewer, *, next_url: str) -> Confirmation:
    """image: from with_operations_under_way(), with its pool."""
    points = [words.SEAL_ACTIVATES] if image.pool and image.pk in to_be_activated([image]) else []
    return _question(
        image,
        (words.SEAL_TITLE, words.SEAL_MEANS, labels.ACTION[Action.SEAL]),
        points,
        refused=_why_not(image, Action.SEAL, viewer),
        url=reverse("vms:seal_image", args=[image.pk]),
        next_url=next_url,
        key=key,
    )


def activate_question(image: Vm, viewer: Viewer, *, next_url: str) -> Confirmation:
    """image: from with_operations_under_way(), with its pool and the active image of that."""
    return _question(
        image,
        (words.ACTIVATE_TITLE, words.ACTIVATE_MEANS, labels.ACTION[Action.ACTIVATE]),
        _what_follows(image.pool) if image.pool else [],
        refused=_why_not(image, Action.ACTIVATE, viewer),
        url=reverse("vms:activate_image", args=[image.pk]),
        next_url=next_url,
    )


def release_question(image: Vm, *, next_url: str) -> Confirmation:
    """image: with its pool."""
    return _question(
        image,
        (words.RELEASE_TITLE, words.RELEASE_MEANS, words.RELEASE),
        [words.RELEASE_KEEPS],
        refused="" if image.is_active_image() else str(words.WAS_NOT_ACTIVE) % {"vm": image.display_name},
        url=reverse("vms:release_image", args=[image.pk]),
        next_url=next_url,
    )


def _what_follows(pool: VmPool) -> list[Promise]:
    return [*([words.OLD_ONES_GO_ON] if pool.active else []), *([] if pool.is_on else [words.POOL_IS_OFF])]


def _why_not(image: Vm, action: Action, viewer: Viewer) -> str:
    reason = possible(facts_of(image, image.under_way), action).reason
    return why_off(reason, holder_of(image.under_way, action), image, viewer) if reason else ""


def _question(  # noqa: PLR0913 -- a question has so many parts
    image: Vm,
    said: tuple[Promise, Promise, Promise],
    points: Iterable[Promise],
    *,
    refused: str,
    url: str,
    next_url: str,
    key: UUID | None = None,
) -> Confirmation:
    """said: its title, what it means, and its button."""
    names = _names(image)
    title, means, label = said
    return Confirmation(
        title=str(title) % names,
        text=str(means) % names,
        points=[str(point) % names for point in points],
        disks=Fates(),
        label=str(label),
        danger=False,
        url=url,
        cancel_url=next_url,
        key=key,
        refused=refused,
        next_url=next_url,
    )


def _names(image: Vm) -> dict[str, str]:
    old = image.pool.active if image.pool else None
    return {
        "vm": image.display_name,
        "pool": image.pool.name if image.pool else "",
        "old": old.display_name if old else "",
    }


@dataclass(frozen=True, slots=True)
class PoolOut:
    """A pool that has no place for a golden image of a template now, and why, in sentences."""

    name: str
    reasons: list[str]


def pools_out(template: Vm, pools: Iterable[VmPool]) -> list[PoolOut]:
    """template: with its disks and interfaces. pools: with their nodes."""
    places = ((pool, place_for(template, pool)) for pool in pools)
    return [PoolOut(pool.name, why_nowhere(place, template)) for pool, place in places if place.against]


def why_nowhere(place: ImagePlace, template: Vm) -> list[str]:
    """In sentences; none if there is a place."""
    if place.against is None:
        return []
    nodes = ", ".join(sorted(each.node.name for each in place.candidates))
    against = [str(words.NO_PLACE[place.against]) % {"nodes": nodes}]
    if place.against is not NoPlace.NODES_OUT:
        return against
    return [*against, *(sentence for each in place.candidates for sentence in why_out(each, template.memory, template))]
