"""The machine, or the pool, on which rights are given: how it is called, where its pages are, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.labels import pool_rights as words
from vms.models import Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.giving import ACTION_FOR, Owners, Thing
from vms.operations.promising import ActionRefused
from vms.rules.actions import Action
from vms.rules.pools import PoolKind
from vms.rules.rights import Right
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.crumbs import Crumbs, crumbs_of, crumbs_of_pool
from vms.web.presenters.holding import refusal


@dataclass(frozen=True, slots=True)
class Words:
    """may_use: above the list of those who may; tips: what each right is good for; the rest: what came of a change."""

    who_may_use: Mapping[Action, Promise]
    nobody_may_yet: Mapping[Action, Promise]
    may_use: Promise
    tips: Mapping[Right, Promise]
    given: Promise
    changed: Promise
    taken: Promise
    had_one: Promise
    unchanged: Promise


@dataclass(frozen=True, slots=True)
class RightsOf:
    """named: its name, by the word that stands for it in sentences; addresses: how the names of its dialogs' addresses
    begin; through: the pool through which rights count on it too, None if there is none."""

    thing: Thing
    name: str
    named: Mapping[str, str]
    words: Words
    page_url: str
    addresses: str
    crumbs: Crumbs
    through: VmPool | None

    def url(self, owners: Owners) -> str:
        """Of the dialog about people, or about groups."""
        return reverse(f"{self.addresses}{ACTION_FOR[owners]}", args=[self.thing.pk])

    @property
    def vm(self) -> Vm | None:
        """None if it is a pool."""
        return self.thing if isinstance(self.thing, Vm) else None

    def url_of_person(self, person: int) -> str:
        """Of the page that says what this person may do with the machine, "" if it is a pool."""
        return f"{reverse('vms:rights', args=[self.vm.pk])}?person={person}" if self.vm else ""

    def why_not_now(self, owners: Owners, viewer: Viewer) -> str:
        """A sentence, "" if they can be changed, as those on a pool always can."""
        return why_not_now(self.vm, ACTION_FOR[owners], viewer) if self.vm else ""

    def why_refused(self, refused: ActionRefused, viewer: Viewer) -> str:
        return refusal(self.vm, refused, viewer) if self.vm else str(refused)


def rights_of_vm(vm: Vm, viewer: Viewer) -> RightsOf:
    """vm: from with_operations_under_way(), best with its pool."""
    return RightsOf(
        thing=vm,
        name=vm.display_name,
        named={"vm": vm.display_name},
        words=OF_A_VM,
        page_url=reverse("vms:page", args=[vm.pk]),
        addresses="vms:",
        crumbs=crumbs_of(vm, viewer),
        through=vm.pool if vm.pool and vm.pool.kind == PoolKind.PERSISTENT else None,
    )


def rights_of_pool(pool: VmPool) -> RightsOf:
    return RightsOf(
        thing=pool,
        name=pool.name,
        named={"pool": pool.name},
        words=_of_pool(PoolKind(pool.kind)),
        page_url=reverse("vms:pool", args=[pool.pk]),
        addresses="vms:pool_",
        crumbs=crumbs_of_pool(pool),
        through=None,
    )


OF_A_VM = Words(
    who_may_use=labels.WHO_MAY_USE,
    nobody_may_yet=labels.NOBODY_MAY_YET,
    may_use=pgettext_lazy("heading: people or groups", "May use this machine"),
    tips=labels.RIGHT_TIP,
    given=labels.RIGHTS_GIVEN,
    changed=labels.RIGHTS_CHANGED,
    taken=labels.RIGHTS_TAKEN,
    had_one=labels.RIGHTS_HAD_ONE,
    unchanged=labels.RIGHTS_UNCHANGED,
)


def _of_pool(kind: PoolKind) -> Words:
    return Words(
        who_may_use=words.WHO_MAY_USE,
        nobody_may_yet=words.NOBODY_MAY_YET,
        may_use=words.MAY_USE_THEM,
        tips={Right.USE: words.USE_TIP[kind], Right.OPERATE: words.OPERATE_TIP[kind]},
        given=words.GIVEN,
        changed=words.CHANGED,
        taken=words.TAKEN,
        had_one=words.HAD_ONE,
        unchanged=words.UNCHANGED,
    )
