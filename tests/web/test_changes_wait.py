"""That changes wait for the next start, and the definition itself, as people see them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.hypervisor.editings import CORPUS
from tests.web.conftest import browser_of
from vms.hypervisor.editing import Definition as NodesDefinition
from vms.models import Grant, Vm
from vms.operations.definitions import write_definition
from vms.rules.power import Power
from vms.rules.rights import Right

PLAIN = CORPUS["plain"]
BIGGER = PLAIN.replace("<vcpu placement='static'>2</vcpu>", "<vcpu placement='static'>4</vcpu>")
LINE, BADGE = "Maximum vCPUs: 2 → 4", "changes wait"
NOW = timezone.now()


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


def waits(vm: Vm, saved: str = BIGGER, live: str = PLAIN) -> Vm:
    write_definition(vm, NodesDefinition(saved, live, autostart=False), NOW)
    vm.refresh_from_db()
    return vm


def page(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_machine_whose_changes_wait_says_so_and_which(browser: Client, running_vm: Vm) -> None:
    assert BADGE not in page(browser, "/vms/")
    waits(running_vm)
    assert BADGE in page(browser, "/vms/")
    for url in (f"/vms/?open={running_vm.pk}", f"/vms/{running_vm.pk}/", f"/vms/{running_vm.pk}/xml/"):
        assert LINE in page(browser, url), url


def test_whoever_is_told_nothing_of_nodes_is_told_that_changes_wait_and_no_more(running_vm: Vm, nobody: Person) -> None:
    waits(running_vm)
    Grant.objects.create(vm=running_vm, person=nobody, right=Right.OPERATE)
    text = page(browser_of(nobody), f"/vms/{running_vm.pk}/")
    assert BADGE in text
    assert LINE not in text
    assert "/xml/" not in text


def test_a_list_costs_no_query_more_and_opened_rows_one_more_together(browser: Client, add_vm: AddVm) -> None:
    machines = [add_vm(f"web{number}", Power.RUNNING) for number in range(5)]
    opened = "&".join(f"open={vm.pk}" for vm in machines)
    page(browser, "/vms/")

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            page(browser, url)
        return len(asked)

    plain, with_details = cost("/vms/"), cost(f"/vms/?{opened}")
    for vm in machines:
        waits(vm)
    assert cost("/vms/") == plain
    assert cost(f"/vms/?{opened}") == with_details + 1


def test_machines_whose_changes_wait_are_a_filter_where_there_are_any(browser: Client, add_vm: AddVm) -> None:
    waiting, _other = add_vm("waits-1", Power.RUNNING), add_vm("runs-1", Power.RUNNING)
    assert "For the next start" not in page(browser, "/vms/")
    waits(waiting)
    assert "For the next start" in page(browser, "/vms/")
    text = page(browser, "/vms/?waiting=next-start")
    assert "waits-1" in text
    assert "runs-1" not in text


def test_the_definition_of_a_machine_that_is_on_is_shown_as_it_will_be_and_as_it_is(
    browser: Client, running_vm: Vm
) -> None:
    address = f"/vms/{running_vm.pk}/xml/"
    assert address in page(browser, f"/vms/{running_vm.pk}/")
    assert "has not told" in page(browser, address)
    waits(running_vm)
    text = page(browser, address)
    for words in (
        "From the next start",
        "Now, while it is on",
        "&lt;vcpu placement=&#x27;static&#x27;&gt;4&lt;/vcpu&gt;",
    ):
        assert words in text


def test_a_machine_that_is_off_has_one_definition(browser: Client, vm: Vm) -> None:
    waits(vm, PLAIN, "")
    assert page(browser, f"/vms/{vm.pk}/xml/").count("<pre") == 1
    assert browser.get(f"/vms/{vm.pk}/xml/?download=live").status_code == 404


def test_the_definition_as_a_file(browser: Client, running_vm: Vm) -> None:
    waits(running_vm)
    Vm.objects.filter(pk=running_vm.pk).update(display_name='Büro "1"')
    for version, text in (("saved", BIGGER), ("live", PLAIN)):
        answer = browser.get(f"/vms/{running_vm.pk}/xml/?download={version}")
        assert answer.content.decode() == text
        assert answer["Content-Type"] == "application/xml; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment; filename")
        assert "\n" not in answer["Content-Disposition"]
    assert browser.get(f"/vms/{running_vm.pk}/xml/?download=other").status_code == 404


def test_no_password_is_shown(browser: Client, running_vm: Vm) -> None:
    secret = CORPUS["vnc-with-password"]
    waits(running_vm, secret, secret)
    for url in ("", "?download=saved", "?download=live"):
        assert "geheim" not in page(browser, f"/vms/{running_vm.pk}/xml/{url}")


def test_a_definition_cannot_be_sent_back(browser: Client, running_vm: Vm) -> None:
    assert browser.post(f"/vms/{running_vm.pk}/xml/", {"xml": PLAIN}).status_code == 405
