"""The form for a new VM or template: what it offers, what it refuses, and where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import lxml.html
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.images import RAW, iso
from tests.operations.streaming import pool_of
from tests.operations.test_storing import bring
from tests.web.conftest import browser_of
from vms.models import Network, Node, Operation, StoragePool, Vm
from vms.rules.actions import Action
from vms.rules.duty import Duty
from vms.rules.images import FileKind
from vms.rules.kinds import Kind, Mode

pytestmark = pytest.mark.django_db

URLS = {Kind.VM: "/vms/create/", Kind.TEMPLATE: "/templates/create/"}
LISTS = {Kind.VM: "/vms/", Kind.TEMPLATE: "/templates/"}
MIB = 1024 * 1024
GIB = 1024 * MIB


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOADS = tmp_path / "uploads"


@pytest.fixture
def pool(node: Node) -> StoragePool:
    Node.objects.filter(pk=node.pk).update(memory_free=8 * GIB)
    Network.objects.create(node=node, name="default")
    return pool_of(node)


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def send(browser: Client, pool: StoragePool, /, of_kind: Kind = Kind.TEMPLATE, **fields: object) -> Any:
    form = {
        "key": str(uuid4()),
        "name": "debian",
        "notes": "",
        "os_name": "",
        "source": "nothing",
        "iso": "",
        "image": "",
        "path": "",
        "format": "",
        "memory": "512",
        "vcpus": "1",
        "capacity": "",
        "network": "",
    }
    return browser.post(URLS[of_kind], {**form, "pool": str(pool.pk), **fields})


def errors(answer: Any) -> dict[str, str]:
    page = lxml.html.fromstring(answer.content.decode())
    found: Any = page.xpath("//*[@class='field__error']")
    return {
        each.get("id", "").removeprefix("id_").removesuffix("_error"): each.text_content().strip() for each in found
    }


@pytest.mark.parametrize(("kind", "mode"), [(Kind.VM, ""), (Kind.TEMPLATE, Mode.FIRST_INSTALLATION)])
def test_it_is_promised_and_shown(browser: Client, pool: StoragePool, kind: Kind, mode: str) -> None:
    answer = send(browser, pool, kind, notes="For all\x01", os_name="Debian 12", capacity="3", network="default")
    vm = Vm.objects.get()
    assert answer["Location"] == f"/vms/{vm.pk}/"
    assert (vm.kind, vm.mode, vm.notes, vm.os_name) == (kind, mode, "For all", "Debian 12")
    operation = Operation.objects.get()
    assert (operation.action, operation.arguments["network"]) == (Action.CREATE, "default")
    assert operation.arguments["disks"][0]["capacity"] == 3 * GIB
    assert "Stopped, creating" in browser.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(("kind", "starts"), [(Kind.VM, True), (Kind.TEMPLATE, False)])
def test_only_a_vm_can_be_started_at_once(browser: Client, pool: StoragePool, kind: Kind, starts: bool) -> None:
    assert ('name="start"' in browser.get(URLS[kind]).content.decode()) == starts
    send(browser, pool, kind, start="on")
    assert Operation.objects.get().arguments["start"] == starts


@pytest.mark.parametrize("kind", [Kind.VM, Kind.TEMPLATE])
def test_the_same_submitted_twice_is_one(browser: Client, pool: StoragePool, kind: Kind) -> None:
    key = str(uuid4())
    first, second = (send(browser, pool, kind, key=key) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("of_kind", [Kind.VM, Kind.TEMPLATE])
def test_it_offers_what_was_uploaded_each_where_it_belongs(
    browser: Client, pool: StoragePool, anna: Person, of_kind: Kind
) -> None:
    bring(iso(), anna, "debian.iso")
    bring(RAW, anna, "old disk", FileKind.RAW)
    page = lxml.html.fromstring(browser.get(URLS[of_kind]).content.decode())
    offered = {name: page.xpath(f"//select[@name='{name}']/option/text()") for name in ("iso", "image")}
    assert offered == {"iso": ["–", "debian.iso (64 KiB)"], "image": ["–", "old disk (1 MiB)"]}


@pytest.mark.parametrize("of_kind", [Kind.VM, Kind.TEMPLATE])
@pytest.mark.parametrize(("source", "kind"), [("iso", FileKind.ISO), ("upload", FileKind.RAW)])
def test_it_begins_with_an_uploaded_file(
    browser: Client, pool: StoragePool, anna: Person, source: str, kind: FileKind, of_kind: Kind
) -> None:
    file = bring(iso() if kind is FileKind.ISO else RAW, anna, "file", kind)
    send(browser, pool, of_kind, source=source, **{"iso" if kind is FileKind.ISO else "image": file.pk})
    arguments = Operation.objects.get().arguments
    assert arguments["file"] == file.pk
    assert arguments["disks"][0]["format_below"] == ("" if kind is FileKind.ISO else "raw")
    assert bool(arguments["cdrom"]) == (kind is FileKind.ISO)


@pytest.mark.parametrize("source", ["iso", "upload"])
def test_a_file_of_the_other_kind_is_not_taken(browser: Client, pool: StoragePool, anna: Person, source: str) -> None:
    file = bring(RAW, anna, "file", FileKind.RAW) if source == "iso" else bring(iso(), anna)
    answer = send(browser, pool, source=source, iso=file.pk, image=file.pk)
    assert list(errors(answer)) == ["iso" if source == "iso" else "image"]
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "a/b"}, "name", "slash"),
        ({"name": "a\u200bb"}, "name", "invisible"),
        ({"source": "iso"}, "iso", "required"),
        ({"source": "upload"}, "image", "required"),
        ({"source": "path", "format": "raw"}, "path", "required"),
        ({"source": "path", "path": "/images/a"}, "format", "required"),
        ({"source": "path", "path": "/images/a", "format": "vmdk"}, "format", "vmdk"),
        ({"source": "path", "path": "/etc/passwd", "format": "raw"}, "path", "/images"),
        ({"source": "path", "path": "/images/../etc/passwd", "format": "raw"}, "path", "/images"),
        ({"source": "path", "path": "images/a", "format": "raw"}, "path", "/images"),
        ({"source": "path", "path": "/images/a/b", "format": "raw"}, "path", "/images"),
        ({"memory": "0"}, "memory", "greater than or equal"),
        ({"memory": "99999"}, "pool", "8 GiB of memory free"),
        ({"vcpus": "x"}, "vcpus", "whole number"),
        ({"capacity": "0"}, "capacity", "greater than or equal"),
        ({"network": "other"}, "network", "valid choice"),
        ({"pool": "4711"}, "pool", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_asked_for(
    browser: Client, pool: StoragePool, fields: dict[str, str], field: str, words: str
) -> None:
    answer = send(browser, pool, Kind.VM, **fields)
    assert answer.status_code == 422
    found = errors(answer)
    assert list(found) == [field]
    assert words in found[field]
    assert not Operation.objects.exists()


def test_a_disk_is_not_smaller_than_its_image(browser: Client, pool: StoragePool, anna: Person) -> None:
    file = bring(RAW, anna, "disk", FileKind.RAW)
    type(file).objects.update(capacity=2 * GIB)
    assert "2 GiB" in errors(send(browser, pool, source="upload", image=file.pk, capacity="1"))["capacity"]


def test_a_taken_name_is_said_at_the_name(browser: Client, pool: StoragePool) -> None:
    send(browser, pool)
    assert "already: Debian" in errors(send(browser, pool, Kind.VM, name="Debian"))["name"]


def test_nodes_that_are_out_say_why(browser: Client, pool: StoragePool, second_node: Node) -> None:
    Node.objects.filter(pk=second_node.pk).update(duty=Duty.MAINTENANCE)
    page = browser.get(URLS[Kind.VM]).content.decode()
    assert "Node beta is in maintenance" in page
    assert "alpha: images" in page


@pytest.mark.parametrize("kind", [Kind.VM, Kind.TEMPLATE])
def test_only_who_makes_machines_is_offered_it(pool: StoragePool, otto: Person, anna: Person, kind: Kind) -> None:
    other, url = browser_of(otto), URLS[kind]
    assert (other.get(url).status_code, send(other, pool, kind).status_code) == (403, 403)
    assert url not in other.get(LISTS[kind]).content.decode()
    assert not Operation.objects.exists()
    page = lxml.html.fromstring(browser_of(anna).get(LISTS[kind]).content.decode())
    assert page.xpath("//*[@class='empty']//a/@href") == [url]
    assert page.xpath("//main//a[@class='button button--primary']/@href") == [url, url]  # one stays beside the search
