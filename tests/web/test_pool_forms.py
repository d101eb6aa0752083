"""The choice of a pool where machines are made: what it limits, what it fills in, and what it refuses."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import lxml.html
import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import AddVm, person_with
from tests.operations.pooling import add_vm_pool
from tests.operations.restoring import add_target
from tests.web.conftest import browser_of
from tests.web.copying import (
    GIB,
    Ask,
    ask,
    browser,
    made,
    places,
    plain_text_of,
    stopped_vm,
    template,
)
from vms.hypervisor.fake import FakeNode
from vms.models import Backup, Node, Operation, StoragePool, Vm, VmPool
from vms.rules.actions import Action
from vms.rules.backups import BackupState, Consistency
from vms.rules.kinds import Mode
from vms.rules.pools import PoolKind

__all__ = ["ask", "browser", "places", "stopped_vm", "template"]

CREATE, CREATE_TEMPLATE = "/vms/create/", "/templates/create/"
OK, CONFLICT, INVALID = 200, 409, 422


def form_of(answer: Any) -> Any:
    """The first one that asks for a name."""
    found: Any = lxml.html.fromstring(answer.content.decode()).xpath("//main//form[.//*[contains(@name, 'name')]]")
    return found[-1]


def values_of(answer: Any) -> dict[str, Any]:
    """A text area begins behind its first line's end."""
    return {name: value.removeprefix("\n") for name, value in form_of(answer).form_values()}


def choices_of(answer: Any, name: str) -> list[str]:
    return [option.get("value") for option in form_of(answer).xpath(f".//select[@name='{name}']//option")]


def errors_of(answer: Any) -> dict[str, str]:
    found = form_of(answer).xpath(".//*[contains(@class, 'field__error')][@id]")
    return {each.get("id").removeprefix("id_").removesuffix("_error"): each.text_content().strip() for each in found}


def new(**fields: Any) -> dict[str, Any]:
    usual = {"name": "web1", "source": "nothing", "memory": 2048, "vcpus": 2, "network": "", "key": str(uuid4())}
    return {**usual, "pool": storage("images").pk, **fields}


def storage(name: str, node: str = "alpha") -> StoragePool:
    return StoragePool.objects.get(node__name=node, name=name)


@pytest.fixture
def pool(places: None, second_node: Node) -> VmPool:
    """For VMs on beta: 4 GiB and 3 vCPUs each, at most two of them."""
    return add_vm_pool(second_node, memory=4 * GIB, vcpus=3, network="default", most_vms=2)


@pytest.fixture
def templates(places: None, node: Node) -> VmPool:
    return add_vm_pool(node, name="images", kind=PoolKind.TEMPLATE, folder="/srv/images", most_vms=1)


# What is offered


def test_without_pools_there_is_nothing_to_choose(browser: Client, places: None):
    assert choices_of(browser.get(CREATE), "vm_pool") == []
    assert browser.post(CREATE, new()).status_code == 302


def test_each_kind_of_machine_is_offered_pools_of_its_own(browser: Client, pool: VmPool, templates: VmPool):
    add_vm_pool(name="dynamic", kind=PoolKind.DYNAMIC)
    assert choices_of(browser.get(CREATE), "vm_pool") == ["", str(pool.pk)]
    assert choices_of(browser.get(CREATE_TEMPLATE), "vm_pool") == ["", str(templates.pk)]


def test_people_see_only_pools_that_they_were_given(pool: VmPool, template: Vm, monkeypatch: pytest.MonkeyPatch):
    """Whoever may make machines sees every machine today; what counts is which pools they see."""
    person = person_with(("view_every_vm", "create_vm"), "maker")
    other, url = add_vm_pool(name="other"), f"/vms/{template.pk}/persistent/"
    monkeypatch.setattr("vms.models.vm_pool.VmPoolQuerySet.visible_to", lambda pools, _person: pools.filter(pk=pool.pk))
    maker = browser_of(person)
    assert choices_of(maker.get(url), "vm_pool") == ["", str(pool.pk)]
    answer = maker.post(url, {"name": "web1", "count": 1, "vm_pool": str(other.pk)})
    assert "not among those" in errors_of(answer)["vm_pool"]


def test_the_pages_work_without_a_script_and_are_submitted_by_their_own_button(browser: Client, pool: VmPool):
    form = form_of(browser.get(CREATE))
    buttons = [button.get("name") for button in form.xpath(".//button[@type='submit']")]
    assert buttons[0] is None, "Enter in a field must not take a pool over"
    assert "take_over_pool" in buttons


# What is filled in


def test_taking_a_pool_over_fills_in_what_nobody_has_chosen(browser: Client, pool: VmPool):
    answer = browser.post(CREATE, new(vm_pool=pool.pk, notes="mine", vcpus=8, take_over_pool="yes"))
    shown = values_of(answer)
    assert answer.status_code == OK
    assert (shown["memory"], shown["network"], shown["vm_pool"]) == ("4096", "default", str(pool.pk))
    assert (shown["vcpus"], shown["name"], shown["notes"]) == ("8", "web1", "mine")
    assert errors_of(answer) == {}
    assert Operation.objects.count() == 0


def test_it_offers_only_the_places_of_the_pool(browser: Client, pool: VmPool):
    VmPool.objects.filter(pk=pool.pk).update(networks=["default"])
    answer = browser.post(CREATE, new(vm_pool=pool.pk, take_over_pool="yes"))
    beta = storage("shared", "beta")
    assert choices_of(answer, "pool") == [str(beta.pk)]
    assert values_of(answer)["pool"] == str(beta.pk)
    assert choices_of(answer, "network") == ["", "default"]
    assert "none of those" not in plain_text_of(answer)


def test_another_pool_takes_the_place_of_the_first_one_and_none_of_both(browser: Client, pool: VmPool):
    other = add_vm_pool(name="other", memory=8 * GIB)
    first = values_of(browser.post(CREATE, new(vm_pool=pool.pk, take_over_pool="yes")))
    second = values_of(browser.post(CREATE, first | {"vm_pool": str(other.pk), "take_over_pool": "yes"}))
    assert (second["memory"], second["vcpus"], second["network"]) == ("8192", "2", "")
    none = values_of(browser.post(CREATE, second | {"vm_pool": "", "take_over_pool": "yes"}))
    assert (none["memory"], none["vcpus"]) == ("2048", "2")


def test_a_box_that_was_ticked_stays_ticked_and_another_one_does_not(browser: Client, pool: VmPool):
    ticked = values_of(browser.post(CREATE, new(vm_pool=pool.pk, start="on", take_over_pool="yes")))
    assert ticked["start"] == "on"
    assert "start" not in values_of(browser.post(CREATE, new(vm_pool=pool.pk, take_over_pool="yes")))


def test_a_link_can_say_the_pool(browser: Client, pool: VmPool):
    shown = values_of(browser.get(f"{CREATE}?vm_pool={pool.pk}"))
    assert (shown["vm_pool"], shown["memory"], shown["network"]) == (str(pool.pk), "4096", "default")
    assert values_of(browser.get(f"{CREATE}?vm_pool=nonsense"))["memory"] == "2048"


# Making one from nothing


def test_a_machine_is_made_into_the_pool(browser: Client, pool: VmPool):
    fields = new(vm_pool=pool.pk, pool=storage("shared", "beta").pk, network="default")
    assert browser.post(CREATE, fields).status_code == 302
    assert Vm.objects.get(name="web1").pool == pool


def test_a_place_outside_of_the_pool_is_refused_at_its_field(browser: Client, pool: VmPool):
    answer = browser.post(CREATE, new(vm_pool=pool.pk, notes="mine"))
    assert answer.status_code == INVALID
    assert "Machines of the pool class may not use this" in errors_of(answer)["pool"]
    assert values_of(answer)["notes"] == "mine"


def test_a_full_pool_says_its_limit_what_is_used_and_what_was_wanted(browser: Client, pool: VmPool, add_vm: AddVm):
    for number in range(2):
        add_vm(f"db{number}", pool=pool)
    fields = new(vm_pool=pool.pk, pool=storage("shared", "beta").pk, notes="mine")
    answer = browser.post(CREATE, fields)
    said = "Machines of the pool class: 2 of at most 2. There is no room for 1 more."
    assert errors_of(answer) == {"vm_pool": said}
    assert (values_of(answer)["notes"], values_of(answer)["vm_pool"]) == ("mine", str(pool.pk))
    VmPool.objects.filter(pk=pool.pk).update(most_vms=0, most_memory=GIB)
    answer = browser.post(CREATE, fields)
    assert "Memory of the pool class: 0 B of at most 1 GiB given out" in errors_of(answer)["vm_pool"]


def test_a_pool_that_was_removed_meanwhile_is_not_forgotten_silently(browser: Client, pool: VmPool):
    fields = new(vm_pool=pool.pk)
    pool.delete()
    answer = browser.post(CREATE, fields)
    assert answer.status_code == INVALID
    assert "not among those" in errors_of(answer)["vm_pool"]
    assert not Vm.objects.exists()


# From a template, and copies


def test_several_from_a_template_are_counted_together(ask: Ask, pool: VmPool):
    answer = ask("look", name="web-%02d", count=3, vm_pool=pool.pk)
    assert "0 of at most 2. There is no room for 3 more." in plain_text_of(answer)
    answer = ask("make", name="web-%02d", count=3, vm_pool=pool.pk, key=str(uuid4()))
    assert answer.status_code == CONFLICT
    assert "for 3 more" in errors_of(answer)["vm_pool"]
    assert made() == []


def test_the_review_names_the_pool_and_they_are_made_into_it(ask: Ask, pool: VmPool):
    answer = ask("look", name="web-%02d", count=2, vm_pool=pool.pk)
    assert answer.context["review"].objections == []
    assert ("vm_pool", str(pool.pk)) in answer.context["kept"]
    assert reverse("vms:pool", args=[pool.pk]) in answer.content.decode()
    ask("make", name="web-%02d", count=2, vm_pool=pool.pk, key=str(uuid4()))
    assert list(pool.vms.values_list("name", flat=True)) == ["web-01", "web-02"]


def test_taking_over_for_a_copy_keeps_the_place_if_the_pool_has_it(ask: Ask, pool: VmPool, node: Node):
    shown = values_of(ask("look", vm_pool=pool.pk, take_over_pool="yes", count=2, name="web-%02d"))
    assert (shown["node"], shown["memory"], shown["vcpus"], shown["network"]) == ("beta", "4096", "3", "default")
    assert (shown["count"], shown["name"]) == ("2", "web-%02d")
    answer = ask("look", vm_pool=pool.pk, take_over_pool="yes", node="alpha")
    assert choices_of(answer, "node") == ["beta"]
    assert values_of(answer)["pool"] == str(storage("shared", "beta").pk)


def test_a_network_outside_of_the_pool_is_said_at_its_field(ask: Ask, pool: VmPool):
    VmPool.objects.filter(pk=pool.pk).update(networks=["dmz"])
    answer = ask("change", vm_pool=pool.pk)
    assert errors_of(answer)["network"] == (
        "Machines of the pool class may not be plugged into default. They may use: dmz."
    )


def test_a_copy_of_a_vm_is_proposed_for_the_same_pool(browser: Client, stopped_vm: Vm, pool: VmPool):
    Vm.objects.filter(pk=stopped_vm.pk).update(pool=pool)
    shown = values_of(browser.get(f"/vms/{stopped_vm.pk}/clone/"))
    assert (shown["vm_pool"], shown["memory"], shown["node"]) == (str(pool.pk), "2048", "beta")


# Templates


def test_a_template_is_copied_into_a_pool_for_templates(browser: Client, stopped_vm: Vm, templates: VmPool):
    url = f"/vms/{stopped_vm.pk}/make-template/"
    fields = {"copy-name": "mail-image", "copy-mode": Mode.READY_FOR_USE, "copy-vm_pool": templates.pk, "how": "copy"}
    shown = browser.post(url, fields | {"take_over_pool": "yes"})
    assert choices_of(shown, "copy-pool") == [str(storage("images").pk)]
    assert values_of(shown)["copy-name"] == "mail-image"
    answer = browser.post(url, fields | {"copy-pool": storage("shared").pk, "key": str(uuid4())})
    assert "may not use this" in errors_of(answer)["copy-pool"]
    answer = browser.post(url, fields | {"copy-pool": storage("images").pk, "key": str(uuid4())})
    assert answer.status_code == 302
    assert Vm.objects.get(name="mail-image").pool == templates


def test_a_vm_becomes_a_template_in_a_pool_if_it_lies_there(browser: Client, stopped_vm: Vm, templates: VmPool):
    url = f"/vms/{stopped_vm.pk}/make-template/"
    fields = {"turn-mode": Mode.READY_FOR_USE, "turn-vm_pool": templates.pk, "how": "turn", "key": str(uuid4())}
    answer = browser.post(url, fields)
    assert answer.status_code == CONFLICT
    assert "have their disks in /srv/images, and not in /srv/shared" in plain_text_of(answer)
    VmPool.objects.filter(pk=templates.pk).update(folder="")
    assert browser.post(url, fields).status_code == 302
    operation = Operation.objects.get(action=Action.MAKE_TEMPLATE)
    assert operation.arguments["pool"] == str(templates.pk)


# Restoring


@pytest.fixture
def backup(stopped_vm: Vm, node: Node, alpha: FakeNode, places: None) -> Backup:
    target = add_target((node, alpha))
    files = {"vda": {"path": "/backups/a", "format": "qcow2", "capacity": GIB, "size": GIB}}
    values: dict[str, Any] = {"state": BackupState.GOOD, "consistency": Consistency.OFF, "files": files}
    return Backup.objects.create(vm=stopped_vm, target=target, node=node, stem="mail-1", machine_name="mail", **values)


def test_a_backup_comes_back_into_a_pool_with_room(browser: Client, backup: Backup, node: Node):
    pool = add_vm_pool(node, folder="/srv/images", most_memory=GIB, network="default")
    url = reverse("backups:restore_as_new", args=[backup.pk])
    fields = {"name": "mail2", "limit": 5, "network": "=", "vm_pool": pool.pk, "pool": storage("images").pk}
    shown = browser.post(url, fields | {"take_over_pool": "yes", "limit": 7})
    assert choices_of(shown, "pool") == [str(storage("images").pk)]
    assert (values_of(shown)["network"], values_of(shown)["limit"]) == ("default", "7")
    answer = browser.post(url, fields)
    assert answer.status_code == CONFLICT
    assert "no room for 2 GiB more" in errors_of(answer)["vm_pool"]
    VmPool.objects.filter(pk=pool.pk).update(most_memory=0)
    assert browser.post(url, fields).status_code == 302
    assert Vm.objects.get(name="mail2").pool == pool
