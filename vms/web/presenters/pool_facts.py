"""What a machine has to do with a pool: which one it is of, who has it, on which golden image it stands."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from vms.labels import dynamic as words
from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.permission import sees_every_vm
from vms.rules.kinds import Kind, Mode
from vms.web import formats
from vms.web.presenters.assigned import holder_and_since
from vms.web.presenters.facts import Fact
from vms.web.requests import list_of


def pool_facts(vm: Vm, viewer: Viewer) -> Iterator[Fact]:
    """vm: with its details fetched. A pool that the viewer may not see is not said."""
    if vm.pool:
        yield Fact(str(words.POOL), vm.pool.name, reverse("vms:pool", args=[vm.pool_id]))
    if vm.kind == Kind.DYNAMIC:
        yield from _of_a_dynamic_vm(vm)
    if vm.kind == Kind.GOLDEN_IMAGE and sees_every_vm(viewer):
        yield from _of_a_golden_image(vm)


def _of_a_dynamic_vm(vm: Vm) -> Iterator[Fact]:
    yield Fact(str(words.ASSIGNED_TO), holder_and_since(vm))
    if vm.used_at:
        yield Fact(str(words.FACT_USED), formats.clock(vm.used_at))
    if vm.origin:
        yield Fact(str(words.GOLDEN_IMAGE), vm.origin.display_name, reverse("vms:page", args=[vm.origin_id]))


def _of_a_golden_image(vm: Vm) -> Iterator[Fact]:
    state = state_of_image(vm)
    in_use = str(words.IMAGE_IS_ACTIVE) % {"state": state} if vm.is_active_image() else state
    yield Fact(str(words.FACT_STATE_OF_IMAGE), in_use)
    count = Vm.objects.all().present().of_kind(Kind.DYNAMIC).filter(origin=vm.pk).count()
    url = f"{reverse(list_of(Kind.DYNAMIC))}?{urlencode({'image': vm.display_name})}" if count else ""
    yield Fact(str(words.FACT_STAND_ON_IT), str(count), url)


def state_of_image(vm: Vm) -> str:
    return str(words.IMAGE_STATE[Mode.READY_FOR_USE if vm.mode == Mode.READY_FOR_USE else Mode.MAINTENANCE])
