"""A pool of dynamic VMs, a template and golden images, for pages; and how their rows are read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.golden import add_dynamic_pool
from tests.web.conftest import browser_of
from vms.models import Disk, Node, Vm, VmPool
from vms.rules.kinds import Kind, Mode

GIB = 1024**3
READY, MAINTENANCE = Mode.READY_FOR_USE, Mode.MAINTENANCE


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


@pytest.fixture
def pool(node: Node) -> VmPool:
    return add_dynamic_pool(node)


@pytest.fixture
def template(add_vm: AddVm) -> Vm:
    return with_disk(add_vm("debian", kind=Kind.TEMPLATE, mode=READY))


@pytest.fixture
def image(add_vm: AddVm, pool: VmPool, template: Vm) -> Vm:
    return add_image(add_vm, pool, template, "debian one")


def add_image(add_vm: AddVm, pool: VmPool, template: Vm, name: str, mode: Mode = READY, **more: Any) -> Vm:
    return with_disk(add_vm(name, kind=Kind.GOLDEN_IMAGE, mode=mode, pool=pool, origin=template, **more))


def with_disk(vm: Vm) -> Vm:
    path = f"/images/{vm.name.replace(' ', '-')}.qcow2"
    sizes = {"capacity": 10 * GIB, "allocation": 2 * GIB}
    Disk.objects.create(
        vm=vm, target="vda", device="disk", path=path, image_format="qcow2", made_by_panel=True, **sizes
    )
    return vm


def page_of(browser: Client, pool: VmPool) -> str:
    return browser.get(reverse("vms:pool", args=[pool.pk])).content.decode()


def row_of(page: str, image: Vm) -> str:
    found = re.search(rf'<tbody id="image-{image.pk}".*?</tbody>', page, re.DOTALL)
    assert found is not None
    return found[0]


def button(row: str, label: str) -> str:
    found = re.search(rf"<(?:a|button)[^>]*>{label}</", row)
    return found[0] if found else ""


def is_off(row: str, label: str) -> bool:
    return 'aria-disabled="true"' in button(row, label)


def activated(pool: VmPool, image: Vm | None) -> None:
    VmPool.objects.filter(pk=pool.pk).update(active=image)
