"""What the panel keeps of a machine's definition."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import AddVm
from tests.hypervisor.editings import CORPUS
from vms.hypervisor.editing import Definition as NodesDefinition
from vms.hypervisor.errors import InvalidXml
from vms.models import Definition, Vm
from vms.operations.definitions import hardware_of, live_hardware_of, reading_of, write_definition, write_readings

NOW = timezone.now()
PLAIN, WITH_PASSWORD = CORPUS["plain"], CORPUS["vnc-with-password"]
BIGGER = PLAIN.replace("<vcpu placement='static'>2</vcpu>", "<vcpu placement='static'>4</vcpu>")
GIB = 1024**3

pytestmark = pytest.mark.django_db


def written(xml: str, live: str = "", *, autostart: bool = False) -> NodesDefinition:
    return NodesDefinition(xml, live, autostart)


def kept(vm: Vm) -> Definition:
    vm.refresh_from_db()
    return Definition.objects.get(vm=vm)


def test_what_is_kept_of_a_definition(vm: Vm) -> None:
    write_definition(vm, written(PLAIN, autostart=True), NOW)
    found = kept(vm)
    assert (found.xml, found.live_xml, found.live_hardware) == (PLAIN, "", None)
    assert found.digest == written(PLAIN).digest
    hardware = hardware_of(vm)
    assert hardware is not None
    assert hardware.autostart
    assert live_hardware_of(vm) is None
    assert not vm.changes_wait


def test_a_machine_that_was_never_read_has_no_hardware(vm: Vm) -> None:
    assert hardware_of(vm) is None
    assert live_hardware_of(vm) is None


def test_no_password_is_kept(vm: Vm) -> None:
    write_definition(vm, written(WITH_PASSWORD, WITH_PASSWORD), NOW)
    assert "geheim" in WITH_PASSWORD
    assert "geheim" not in kept(vm).xml + kept(vm).live_xml
    assert kept(vm).digest == written(WITH_PASSWORD).digest


def test_sizes_are_those_of_the_images(vm: Vm) -> None:
    write_definition(vm, written(PLAIN, PLAIN), NOW)
    path = reading_of(written(PLAIN), NOW).hardware.drives[0].source
    vm.disks.create(target="vda", device="disk", path=path, capacity=7 * GIB)
    for hardware in (hardware_of(vm), live_hardware_of(vm)):
        assert hardware is not None
        assert hardware.drives[0].size == 7 * GIB


def test_what_waits_for_the_next_start_is_marked_and_taken_off_again(vm: Vm) -> None:
    assert BIGGER != PLAIN
    write_definition(vm, written(BIGGER, PLAIN), NOW)
    kept(vm)
    assert vm.changes_wait
    write_definition(vm, written(BIGGER, BIGGER), NOW)
    kept(vm)
    assert not vm.changes_wait


def test_a_machine_that_is_off_has_nothing_that_waits(vm: Vm) -> None:
    write_definition(vm, written(BIGGER, PLAIN), NOW)
    write_definition(vm, written(BIGGER), NOW)
    kept(vm)
    assert not vm.changes_wait


def test_what_was_read_before_what_is_known_is_too_late(vm: Vm) -> None:
    write_definition(vm, written(BIGGER), NOW)
    write_definition(vm, written(PLAIN), NOW - timedelta(seconds=1))
    assert kept(vm).xml == BIGGER


def test_a_definition_that_cannot_be_read_changes_nothing(vm: Vm) -> None:
    write_definition(vm, written(PLAIN), NOW)
    with pytest.raises(InvalidXml):
        write_definition(vm, written("<domain"), NOW)
    assert kept(vm).xml == PLAIN


def test_many_cost_as_much_as_one_and_what_is_known_is_not_written(add_vm: AddVm) -> None:
    machines = [add_vm(f"web{number}") for number in range(5)]
    readings = {vm.uuid: reading_of(written(BIGGER, PLAIN), NOW) for vm in machines}
    costs = []
    for some in (machines[:1], machines[1:], machines):
        with CaptureQueriesContext(connection) as asked:
            write_readings({vm.uuid: readings[vm.uuid] for vm in some})
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert costs[2] < costs[0] <= 5
    assert Vm.objects.filter(changes_wait=True).count() == 5


def test_a_machine_the_panel_does_not_know_is_left_out(vm: Vm) -> None:
    reading = reading_of(written(PLAIN), NOW)
    uuid = vm.uuid
    vm.delete()
    write_readings({uuid: reading})
    assert not Definition.objects.exists()
