"""A machine's address: with its UUID, or short."""

from __future__ import annotations

import re
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import resolve, reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Vm
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.web.addresses import short


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.mark.parametrize("uuid", [UUID(int=0), UUID(int=2**128 - 1), UUID("fb" * 16), *(uuid4() for _ in range(20))])
def test_both_mean_the_same_machine(uuid: UUID) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{22}", short(uuid))
    for key in (short(uuid), str(uuid)):
        assert resolve(f"/vms/{key}/").kwargs == {"uuid": uuid}
    assert reverse("vms:page", args=[uuid]) == f"/vms/{uuid}/"


def test_both_lead_to_its_page(browser: Client, vm: Vm) -> None:
    for key in (short(vm.pk), str(vm.pk)):
        assert browser.get(f"/vms/{key}/").context["row"].uuid == str(vm.pk)
    assert browser.get(f"/vms/{short(uuid4())}/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(("kind", "page"), [(Kind.VM, "/vms/"), (Kind.TEMPLATE, "/templates/")])
@pytest.mark.parametrize("power", [Power.OFF, Power.RUNNING])
def test_every_button_of_a_row_leads_to_its_machine(
    browser: Client, add_vm: AddVm, kind: Kind, page: str, power: Power
) -> None:
    vm = add_vm("web1", power, kind=kind)
    row = browser.get(page).content.decode().partition("<tbody")[2].partition("</tbody>")[0]
    addresses = re.findall(rf'"(/vms/{short(vm.pk)}/[^"]+)"', row)
    assert len(addresses) >= 4
    assert {resolve(address).kwargs["uuid"] for address in addresses} == {vm.pk}
