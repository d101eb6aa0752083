"""Golden images over HTTP: sealed, put in use, looked at and taken away."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.editing import text_of
from tests.web.golden import (
    MAINTENANCE,
    READY,
    activated,
    add_image,
    browser,
    button,
    image,
    page_of,
    pool,
    row_of,
    template,
)
from vms.models import Event, Operation, Vm, VmPool
from vms.rules.actions import Action, Slot
from vms.rules.power import Power
from vms.rules.timeline import What

pytestmark = pytest.mark.usefixtures("no_hypervisor")

__all__ = ["browser", "image", "pool", "template"]


# Sealed


def test_sealing_asks_first(browser: Client, pool: VmPool, add_vm: AddVm, template: Vm):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE)
    question = text_of(browser.get(f"/vms/{image.pk}/seal/"))
    assert "Seal debian two?" in question
    assert "nothing changes debian two" in question
    assert "activated at once" not in question
    answer = browser.post(f"/vms/{image.pk}/seal/", {"key": str(uuid4())})
    assert (answer.status_code, answer["Location"]) == (302, reverse("vms:pool", args=[pool.pk]))
    operation = Operation.objects.get()
    assert (operation.action, operation.arguments["activate"]) == (Action.SEAL, False)


def test_what_was_chosen_when_it_was_made_is_said_and_kept(browser: Client, pool: VmPool, add_vm: AddVm, template: Vm):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE)
    made = {"action": Action.DYNAMIC, "slot": Slot.JOB, "progress": "succeeded", "finished_at": image.found_at}
    Operation.objects.create(vm=image, node=image.node, arguments={"activate": True}, **made)
    assert "It is activated as soon as it is sealed." in row_of(page_of(browser, pool), image)
    assert "activated at once, as was chosen when it was made" in text_of(browser.get(f"/vms/{image.pk}/seal/"))
    browser.post(f"/vms/{image.pk}/seal/")
    assert Operation.objects.get(action=Action.SEAL).arguments["activate"] is True


def test_one_that_runs_is_not_sealed_and_says_why(browser: Client, pool: VmPool, add_vm: AddVm, template: Vm):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE, power=Power.RUNNING)
    answer = browser.post(f"/vms/{image.pk}/seal/", follow=True)
    assert "Seal of debian two is not possible now." in text_of(answer)
    assert not Operation.objects.exists()


# In use


def test_activating_says_what_will_happen(browser: Client, pool: VmPool, image: Vm, add_vm: AddVm, template: Vm):
    activated(pool, image)
    second = add_image(add_vm, pool, template, "debian two")
    question = text_of(browser.get(f"/vms/{second.pk}/activate/"))
    assert "New VMs of pool desks come from debian two from now on." in question
    assert "VMs that people have of debian one go on until they are switched off." in question
    assert "switched off: no VM is made" not in question
    answer = browser.post(f"/vms/{second.pk}/activate/", follow=True)
    assert VmPool.objects.get().active == second
    assert "New VMs of pool desks come from debian two now." in text_of(answer)
    browser.post(f"/vms/{image.pk}/activate/")
    assert VmPool.objects.get().active == image


def test_a_pool_that_is_off_says_that_nothing_follows(browser: Client, pool: VmPool, image: Vm):
    VmPool.objects.update(is_on=False)
    assert "no VM is made until it is switched on" in text_of(browser.get(f"/vms/{image.pk}/activate/"))


def test_one_that_cannot_be_activated_says_why(browser: Client, pool: VmPool, add_vm: AddVm, template: Vm):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE)
    assert "Seal it first." in text_of(browser.get(f"/vms/{image.pk}/activate/"))
    answer = browser.post(f"/vms/{image.pk}/activate/", follow=True)
    assert "Activate of debian two is not possible now." in text_of(answer)
    assert VmPool.objects.get().active is None


def test_it_can_be_taken_out_of_use(browser: Client, pool: VmPool, image: Vm):
    activated(pool, image)
    assert "Pool desks makes no more VMs" in text_of(browser.get(f"/vms/{image.pk}/release/"))
    assert "no longer in use" in text_of(browser.post(f"/vms/{image.pk}/release/", follow=True))
    assert VmPool.objects.get().active is None
    assert "was not in use" in text_of(browser.post(f"/vms/{image.pk}/release/", follow=True))


@pytest.mark.parametrize("what", ["seal", "activate", "release"])
def test_only_who_may_and_only_golden_images(browser: Client, image: Vm, template: Vm, otto: Person, what: str):
    for asker, vm, status in ((browser_of(otto), image, 403), (browser, template, 404)):
        assert asker.get(f"/vms/{vm.pk}/{what}/").status_code == status
        assert asker.post(f"/vms/{vm.pk}/{what}/").status_code == status


# Its own page


def test_its_page_leads_to_its_pool_and_says_what_it_is(browser: Client, pool: VmPool, image: Vm):
    Event.objects.create(
        what=What.MODE_CHANGED,
        vm=image,
        node=image.node,
        operation=Operation.objects.create(vm=image, action=Action.SEAL, slot=Slot.CHANGE, progress="succeeded"),
        by_panel=True,
        values={"old": MAINTENANCE, "new": READY, "person": "anna"},
    )
    page = browser.get(f"/vms/{image.pk}/")
    assert f'href="{reverse("vms:pool", args=[pool.pk])}"' in page.content.decode()
    text = text_of(page)
    assert "Sealed by anna" in text
    assert "State sealed" in text
    assert "ready for use" not in text
    for label in ("Activate", "Seal", "Delete", "Use"):
        assert button(page.content.decode(), label), label
    for label in ("Migrate", "Edit", "Back up"):
        assert not button(page.content.decode(), label), label


def test_its_screen_can_be_used_while_it_is_prepared(browser: Client, pool: VmPool, add_vm: AddVm, template: Vm):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE, power=Power.RUNNING)
    assert browser.get(f"/vms/{image.pk}/use/").status_code == 200


def test_whatever_is_done_with_it_leads_back_to_its_pool(browser: Client, pool: VmPool, image: Vm):
    assert "vda" in text_of(browser.get(f"/vms/{image.pk}/delete/"))
    answer = browser.post(f"/vms/{image.pk}/delete/")
    assert (answer.status_code, answer["Location"]) == (302, reverse("vms:pool", args=[pool.pk]))
    operation = Operation.objects.get()
    assert (operation.action, operation.arguments["disks"]) == (Action.DELETE, ["/images/debian-one.qcow2"])


def test_once_deleted_its_past_can_still_be_read(browser: Client, image: Vm):
    Vm.objects.filter(pk=image.pk).update(deleted_at=image.found_at)
    assert browser.get(f"/vms/{image.pk}/", follow=True).status_code == 200


def test_a_search_finds_it(browser: Client, image: Vm):
    page = browser.get("/search/?q=one")
    assert (page.status_code, "debian one" in text_of(page)) == (200, True)
