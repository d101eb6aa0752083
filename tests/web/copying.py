"""A template, a VM to clone, two nodes to choose from, and somebody who fills the form in."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Disk, Interface, Network, Node, StoragePool, Vm
from vms.rules.kinds import Kind, Mode

__all__ = [
    "Ask",
    "ask",
    "browser",
    "made",
    "places",
    "plain_text_of",
    "stopped_vm",
    "template",
    "text_of",
    "with_hardware",
]

GIB = 1024**3


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def places(node: Node, second_node: Node) -> None:
    """alpha and beta share a pool; beta has more memory free, and alpha a pool of its own."""
    Node.objects.filter(pk=node.pk).update(memory_free=8 * GIB, memory_total=16 * GIB, cpus=4)
    Node.objects.filter(pk=second_node.pk).update(memory_free=12 * GIB, memory_total=16 * GIB, cpus=4)
    for each in (node, second_node):
        StoragePool.objects.create(node=each, name="shared", folder="/srv/shared", free=50 * GIB, shared=True)
        Network.objects.create(node=each, name="default")
    StoragePool.objects.create(node=node, name="images", folder="/srv/images", free=90 * GIB)
    Network.objects.create(node=node, name="lab")


def with_hardware(vm: Vm) -> Vm:
    image = {"device": "disk", "path": "/srv/shared/debian.qcow2", "image_format": "qcow2"}
    Disk.objects.create(vm=vm, target="vda", capacity=20 * GIB, allocation=2 * GIB, **image)
    Interface.objects.create(vm=vm, position=0, mac="52:54:00:00:00:01", source_type="network", source="default")
    Vm.objects.filter(pk=vm.pk).update(memory=2 * GIB, vcpus=2)
    return vm


@pytest.fixture
def template(add_vm: AddVm, places: None) -> Vm:
    return with_hardware(add_vm("debian-12", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE))


@pytest.fixture
def stopped_vm(add_vm: AddVm, places: None) -> Vm:
    return with_hardware(add_vm("mail"))


Ask = Callable[..., Any]


@pytest.fixture
def ask(browser: Client, template: Vm) -> Ask:
    """Fills the form in and sends it; what is not said is as the page proposes it."""

    def send(step: str = "look", *, by: Client = browser, pool: str = "shared", **entered: Any) -> Any:
        words = {"name": "web-01", "count": 1, "first": 1, "memory": 2048, "vcpus": 2, "capacity": "", "network": "="}
        words |= {"node": "beta", "limit": 0, "step": step, **entered}
        words["pool"] = StoragePool.objects.filter(node__name=words["node"], name=pool).values_list("pk", flat=True)[0]
        return by.post(f"/vms/{template.pk}/persistent/", words | {"pool": entered.get("pool_pk", words["pool"])})

    return send


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def plain_text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text_of(answer)).split())


def made() -> list[str]:
    return sorted(Vm.objects.filter(origin__isnull=False).values_list("name", flat=True))
