"""The page of a machine's screen, before its script does anything."""

from __future__ import annotations

import pytest

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from vms.models import Grant, Vm
from vms.rules.consoles import Ending
from vms.rules.power import Power
from vms.rules.rights import Right
from vms.web.addresses import short

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def page_of(person: Person, vm: Vm, query: str = "") -> str:
    answer = browser_of(person).get(f"/vms/{vm.pk}/use/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_running_machine_can_be_looked_at(anna: Person, running_vm: Vm) -> None:
    text = page_of(anna, running_vm)
    assert 'data-open="yes"' in text
    assert f'data-ticket="/vms/{running_vm.pk}/use/ticket/"' in text
    assert all(f'data-ending="{ending}"' in text for ending in Ending)


def test_a_stopped_one_says_so_and_offers_to_start_it(anna: Person, vm: Vm) -> None:
    text = page_of(anna, vm)
    assert 'data-open="no"' in text
    assert "A stopped machine has no screen." in text
    assert text.count(f'formaction="/vms/{vm.pk}/start/"') == 2


def test_who_may_only_use_it_can_look_and_no_more(nobody: Person, running_vm: Vm) -> None:
    Grant.objects.create(vm=running_vm, person=nobody, right=Right.USE)
    text = page_of(nobody, running_vm)
    assert 'data-open="yes"' in text
    assert "/power-off/" not in text
    assert "qemu+ssh" not in text


def test_whoever_sees_nodes_is_told_the_way_through_libvirt(administrator: Person, running_vm: Vm) -> None:
    assert f"qemu+ssh://alpha/system --wait {running_vm.pk}" in page_of(administrator, running_vm)


def test_a_name_stays_a_name(administrator: Person, add_vm: AddVm) -> None:
    vm = add_vm("web1", Power.RUNNING, display_name="<script>alert(1)</script>")
    assert "<script>alert" not in page_of(administrator, vm)


def test_why_there_is_no_file_is_said(anna: Person, running_vm: Vm) -> None:
    assert "There is no file for virt-viewer" in page_of(anna, running_vm, "?viewer=no_open_port")
    assert "alert--warning" not in page_of(anna, running_vm, "?viewer=<b>")


def test_the_row_leads_there(anna: Person, running_vm: Vm) -> None:
    text = browser_of(anna).get("/vms/").content.decode()
    assert f'href="/vms/{short(running_vm.pk)}/use/"' in text
