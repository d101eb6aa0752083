"""What stands against making VMs from another machine is said, at its field, and nothing is lost or half made."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.copying import Ask, ask, browser, made, places, stopped_vm, template, text_of
from vms.models import Disk, Node, StoragePool, Vm
from vms.rules.kinds import Mode

__all__ = ["ask", "browser", "places", "stopped_vm", "template"]

CONFLICT, INVALID, FOUND = 409, 422, 302

pytestmark = pytest.mark.usefixtures("no_hypervisor")


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a/b"}, "A slash in the name"),
        ({"name": ".hidden"}, "a dot at its beginning"),
        ({"name": "web\n01"}, "invisible characters"),
        ({"name": "web\x1b"}, "invisible characters"),
        ({"name": "a" * 64}, "63"),
        ({"name": "😀" * 63}, "too long for the node"),
        ({"name": "web", "count": 2}, "Put a counter into it."),
        ({"name": "%d-%d", "count": 2}, "Only one counter"),
        ({"name": "a" * 60 + "%d", "count": 50, "first": 9990}, "63 characters at most"),
        ({"name": "%d", "count": 0}, "greater than or equal to 1"),
        ({"name": "%d", "count": 51}, "less than or equal to 50"),
        ({"first": -1}, "greater than or equal to 0"),
        ({"memory": 0}, "greater than or equal to 1"),
        ({"memory": "much"}, "Enter a whole number."),
        ({"memory": 10**12}, "less than or equal to"),
        ({"vcpus": 0}, "greater than or equal to 1"),
        ({"capacity": 19}, "cannot be smaller than that of debian-12: 20 GiB"),
        ({"limit": -1}, "greater than or equal to 0"),
        ({"network": "nowhere"}, "not one of the available choices"),
        ({"pool_pk": 4711}, "not one of the available choices"),
        ({"pool_pk": "x"}, "not one of the available choices"),
    ],
)
@pytest.mark.parametrize("step", ["look", "make"])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    ask: Ask, step: str, entered: dict[str, Any], sentence: str
) -> None:
    answer = ask(step, **{"vcpus": 3, **entered})
    assert answer.status_code == INVALID
    assert sentence in text_of(answer)
    assert f'name="vcpus" value="{entered.get("vcpus", 3)}"' in text_of(answer)
    assert made() == []


def test_blanks_around_a_name_are_taken_off(ask: Ask) -> None:
    ask("make", name="  web 01 ")
    assert made() == ["web 01"]


def test_a_pool_of_another_node_is_refused(ask: Ask, node: Node) -> None:
    other = StoragePool.objects.get(node=node, name="images").pk
    answer = ask("make", node="beta", pool_pk=other)
    assert answer.status_code == INVALID
    assert "This storage pool is on node alpha. Choose one of node beta." in text_of(answer)


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"memory": 5000, "name": "web-%d", "count": 3}, "Node beta has 12 GiB of memory free, and 14.6 GiB are"),
        ({"network": "lab"}, "Node beta does not have the network lab."),
        ({"name": "DEBIAN-12"}, "There is a machine of this name already: DEBIAN-12"),
    ],
)
def test_what_stands_against_it_is_said_before_and_at_its_field(
    ask: Ask, entered: dict[str, Any], sentence: str
) -> None:
    looked, changed, tried = (ask(step, vcpus=3, **entered) for step in ("look", "change", "make"))
    assert [answer.status_code for answer in (looked, changed, tried)] == [200, 200, CONFLICT]
    for answer in (looked, changed, tried):
        assert sentence in text_of(answer)
    assert 'value="make"' not in text_of(looked)
    assert 'name="vcpus" value="3"' in text_of(changed)
    assert 'name="vcpus" value="3"' in text_of(tried)
    assert made() == []


def test_who_comes_second_with_a_name_is_told(ask: Ask, berta: Person) -> None:
    ask("make", name="web-%02d", count=2)
    answer = ask("make", by=browser_of(berta), name="web-%02d", count=3)
    assert answer.status_code == CONFLICT
    assert "There are machines of these names already: web-01, web-02" in text_of(answer)
    assert made() == ["web-01", "web-02"]


def test_a_name_that_is_taken_in_the_last_moment_is_told_too(
    ask: Ask, add_vm: AddVm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vms.web.presenters.copying.taken_names", lambda names: set())
    add_vm("web-01")
    answer = ask("make", name="web-01")
    assert answer.status_code == CONFLICT
    assert "There is a machine of this name already: web-01" in text_of(answer)


def test_an_origin_that_cannot_be_copied_now_is_said_first(browser: Client, template: Vm, ask: Ask) -> None:
    Vm.objects.filter(pk=template.pk).update(mode=Mode.MAINTENANCE)
    page = text_of(browser.get(f"/vms/{template.pk}/persistent/"))
    assert "maintenance mode" in page
    assert 'name="memory"' not in page
    looked, tried = ask("look"), ask("make")
    assert "maintenance mode" in text_of(looked)
    assert 'value="make"' not in text_of(looked)
    assert tried.status_code == CONFLICT
    assert "maintenance mode" in text_of(tried)
    assert 'name="memory" value="2048"' in text_of(tried)
    assert made() == []


@pytest.mark.parametrize(
    ("disk", "sentence"),
    [
        (
            {"path": "rbd/image", "image_format": "raw"},
            "Disk vdb is not an image file, so it cannot be copied: rbd/image",
        ),
        ({"path": "/dev/sdb", "image_format": ""}, "The format of disk vdb is not named in its definition"),
    ],
)
def test_a_disk_that_cannot_be_copied_is_said_first(
    browser: Client, template: Vm, ask: Ask, disk: dict[str, str], sentence: str
) -> None:
    Disk.objects.create(vm=template, target="vdb", device="disk", **disk)
    for answer in (browser.get(f"/vms/{template.pk}/persistent/"), ask("look"), ask("make")):
        assert sentence in text_of(answer)
        assert 'name="memory"' not in text_of(answer)
    assert made() == []


def test_a_drive_is_no_disk(browser: Client, template: Vm) -> None:
    Disk.objects.create(vm=template, target="sda", device="cdrom", path="/dev/sr0")
    assert 'name="memory"' in text_of(browser.get(f"/vms/{template.pk}/persistent/"))


def test_each_action_belongs_to_its_kind(browser: Client, template: Vm, stopped_vm: Vm) -> None:
    assert browser.get(f"/vms/{template.pk}/clone/").status_code == 404
    assert browser.get(f"/vms/{stopped_vm.pk}/persistent/").status_code == 404
    assert browser.get(f"/vms/{uuid4()}/clone/").status_code == 404


def test_only_who_manages_machines_may(template: Vm, otto: Person, nobody: Person, anna: Person, ask: Ask) -> None:
    for person, code in ((otto, 403), (nobody, 404), (anna, 200)):
        assert browser_of(person).get(f"/vms/{template.pk}/persistent/").status_code == code
    for person, code in ((otto, 403), (nobody, 404), (anna, FOUND)):
        assert ask("make", by=browser_of(person), name="web-02").status_code == code
    assert made() == ["web-02"]
