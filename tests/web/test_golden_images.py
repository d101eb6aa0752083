"""Golden images over HTTP: asked for from a template, and listed by their pool."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.golden import add_dynamic_pool
from tests.web.conftest import browser_of
from tests.web.editing import text_of
from tests.web.golden import (
    MAINTENANCE,
    activated,
    add_image,
    browser,
    button,
    image,
    is_off,
    page_of,
    pool,
    row_of,
    template,
)
from vms.models import Node, Operation, Vm, VmPool
from vms.rules.actions import Action, Slot
from vms.rules.duty import Duty
from vms.rules.kinds import Kind, Link
from vms.rules.status import Second
from vms.web.forms import golden_image

pytestmark = pytest.mark.usefixtures("no_hypervisor")

__all__ = ["browser", "image", "pool", "template"]


def form_of(pool: VmPool, **entered: Any) -> dict[str, Any]:
    return {"name": "debian two", "pool": str(pool.pk), "limit": "", "key": str(uuid4()), **entered}


def make(browser: Client, template: Vm, pool: VmPool, **entered: Any) -> Any:
    return browser.post(reverse("vms:make_golden_image", args=[template.pk]), form_of(pool, **entered))


# Asked for


def test_the_button_of_a_template_leads_to_the_form(browser: Client, template: Vm, pool: VmPool):
    listed = browser.get(reverse("vms:templates")).content.decode()
    assert "Make a golden image for dynamic VMs" in listed
    page = browser.get(f"/vms/{template.pk}/dynamic/")
    assert page.status_code == 200
    assert f'value="debian {date.today().isoformat()}"' in page.content.decode()  # noqa: DTZ011 -- as on a clock
    assert "desks: alpha" in text_of(page)


def test_a_name_that_is_taken_is_suggested_with_a_number(template: Vm, pool: VmPool, add_vm: AddVm):
    first = golden_image.suggested_name(template)
    add_vm(first)
    assert golden_image.suggested_name(template) == f"{first} 2"
    template.display_name = "x" * 80
    assert len(golden_image.suggested_name(template)) == 63


def test_it_is_promised_as_it_was_asked_for(browser: Client, template: Vm, pool: VmPool):
    answer = make(browser, template, pool, prepared="on", activate="on", limit="3")
    operation = Operation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{operation.vm_id}/")
    assert (operation.action, operation.limit) == (Action.DYNAMIC, 3 * 1024**2)
    assert (operation.arguments["start"], operation.arguments["activate"]) == (True, True)
    made = Vm.objects.get(pk=operation.vm_id)
    assert (made.kind, made.mode, made.pool, made.display_name) == (Kind.GOLDEN_IMAGE, MAINTENANCE, pool, "debian two")
    assert "The golden image debian two is being made." in text_of(browser.get(answer["Location"]))


def test_the_same_page_sent_twice_makes_one(browser: Client, template: Vm, pool: VmPool):
    entered = {"key": str(uuid4())}
    first, second = (make(browser, template, pool, **entered) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Vm.objects.filter(kind=Kind.GOLDEN_IMAGE).count() == 1


def test_what_stands_against_it_is_said_at_its_field(
    browser: Client, template: Vm, pool: VmPool, second_node: Node, node: Node
):
    taken = make(browser, template, pool, name="debian")
    assert taken.status_code == 409
    assert "There is a machine of this name already: debian" in text_of(taken)
    assert make(browser, template, pool, name=" ").status_code == 422
    both = add_dynamic_pool(node, second_node, name="both")
    refused = make(browser, template, both)
    assert refused.status_code == 409
    assert "no folder in which all of them see the same files: alpha, beta" in text_of(refused)
    form = browser.get(f"/vms/{template.pk}/dynamic/")
    assert "Not possible at the moment both The nodes of the pool have no folder" in text_of(form)
    Node.objects.update(duty=Duty.MAINTENANCE)
    assert "None of the nodes of the pool can make it now: alpha." in text_of(make(browser, template, pool))
    assert not Operation.objects.exists()


def test_a_template_that_is_not_ready_says_why(browser: Client, template: Vm, pool: VmPool):
    Vm.objects.filter(pk=template.pk).update(mode=MAINTENANCE)
    assert "maintenance mode" in text_of(browser.get(f"/vms/{template.pk}/dynamic/"))
    assert make(browser, template, pool).status_code == 409


def test_a_disk_whose_format_nobody_said_is_not_copied(browser: Client, template: Vm, pool: VmPool):
    template.disks.update(image_format="")
    assert "vda" in text_of(make(browser, template, pool))
    assert not Operation.objects.exists()


def test_without_a_pool_of_dynamic_vms_the_form_says_so(browser: Client, template: Vm):
    page = text_of(browser.get(f"/vms/{template.pk}/dynamic/"))
    assert "No pool of dynamic VMs yet" in page
    assert "Add a pool of dynamic VMs first." in page


def test_only_a_template_has_this_page_and_only_for_who_may(
    browser: Client, add_vm: AddVm, template: Vm, otto: Person, nobody: Person
):
    assert browser.get(f"/vms/{add_vm('web1').pk}/dynamic/").status_code == 404
    assert browser_of(otto).get(f"/vms/{template.pk}/dynamic/").status_code == 403
    assert browser_of(nobody).get(f"/vms/{template.pk}/dynamic/").status_code == 404


# On the page of their pool


def test_a_pool_lists_its_golden_images(browser: Client, pool: VmPool, image: Vm, add_vm: AddVm, template: Vm):
    other = add_image(add_vm, add_dynamic_pool(pool.nodes.get(), name="others"), template, "elsewhere")
    page = page_of(browser, pool)
    row = row_of(page, image)
    assert "debian one" in row
    assert f'href="/vms/{template.pk}/"' in row
    assert "10 GiB, 2 GiB used" in row
    assert ("sealed" in row, "no VM stands on it" in row) == (True, True)
    assert f"image-{other.pk}" not in page


def test_the_active_one_is_marked_in_words(browser: Client, pool: VmPool, image: Vm, add_vm: AddVm, template: Vm):
    second = add_image(add_vm, pool, template, "debian two")
    activated(pool, image)
    page = page_of(browser, pool)
    assert re.search(r"badge--good.*?active</span>", row_of(page, image), re.DOTALL)
    assert "badge--good" not in row_of(page, second)
    assert is_off(row_of(page, image), "Activate")
    assert not is_off(row_of(page, second), "Activate")
    assert "Take out of use" in row_of(page, image)
    assert "Take out of use" not in row_of(page, second)


def test_one_that_is_prepared_can_be_started_and_sealed_but_not_activated(
    browser: Client, pool: VmPool, add_vm: AddVm, template: Vm
):
    image = add_image(add_vm, pool, template, "debian two", MAINTENANCE)
    page = page_of(browser, pool)
    row = row_of(page, image)
    assert "being prepared" in row
    assert [is_off(row, label) for label in ("Start", "Seal", "Activate", "Delete")] == [False, False, True, False]
    assert 'popovertarget="is_not_sealed"' in button(row, "Activate")
    assert '<div id="is_not_sealed"' in page


def test_a_sealed_one_is_not_started(browser: Client, pool: VmPool, image: Vm):
    row = row_of(page_of(browser, pool), image)
    assert 'popovertarget="is_sealed"' in button(row, "Start")
    assert 'popovertarget="is_sealed"' in button(row, "Seal")


def test_one_that_is_copied_says_how_far_and_what_follows(
    browser: Client, pool: VmPool, add_vm: AddVm, template: Vm, anna: Person
):
    image = add_image(add_vm, pool, template, "debian two", main="Stopped", second="creating", link=Link.STREAMING)
    job = {"second": Second.CREATING, "permille": 51, "progress": "working", "arguments": {"activate": True}}
    Operation.objects.create(vm=image, node=image.node, action=Action.DYNAMIC, slot=Slot.JOB, **job)
    Vm.objects.filter(pk=image.pk).update(main="Stopped", second="creating")
    row = row_of(page_of(browser, pool), image)
    assert "Stopped, creating" in row
    assert "[5.1 %]" in row
    assert "It is activated as soon as it is copied." in row


def test_so_many_vms_stand_on_it(browser: Client, pool: VmPool, image: Vm, add_vm: AddVm):
    for number in range(3):
        add_vm(f"desks-{number}", kind=Kind.DYNAMIC, pool=pool, origin=image, link=Link.LINKED)
    page = page_of(browser, pool)
    assert "3 VMs stand on it" in row_of(page, image)
    assert 'popovertarget="vms_stand_on_it"' in button(row_of(page, image), "Delete")
    question = text_of(browser.get(f"/vms/{image.pk}/delete/"))
    assert "desks-0, desks-1, desks-2 stand on this golden image." in question
    assert "Delete it" not in question


def test_many_cost_no_more_queries(
    browser: Client, pool: VmPool, image: Vm, add_vm: AddVm, template: Vm, django_assert_max_num_queries: Any
):
    page_of(browser, pool)
    counted = []
    for _ in range(2):
        with django_assert_max_num_queries(200) as queries:
            page_of(browser, pool)
        counted.append(len(queries))
        for number in range(5):
            add_image(add_vm, pool, template, f"more {len(counted)} {number}", MAINTENANCE)
    assert counted[0] == counted[1]


def test_an_empty_list_leads_to_the_templates(browser: Client, pool: VmPool):
    page = page_of(browser, pool)
    assert "No golden images yet" in page
    assert reverse("vms:templates") in page
