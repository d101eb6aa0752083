"""What became of an edit, in words: on the page of the operation and in the audit trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.operations.edits import ask_for, machine_of, new_card, saved, with_hardware, without_drive
from tests.operations.working import step, work
from vms.hypervisor.errors import Refused
from vms.hypervisor.fake import FakeNode
from vms.models import AuditLine, Operation, Vm
from vms.rules.kinds import Mode
from vms.rules.power import Power
from vms.web.presenters.edits import short_words_of_edit
from vms.web.presenters.operations import problem_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def on(add_vm: AddVm, alpha: FakeNode) -> Vm:
    return with_hardware(add_vm("web1", Power.RUNNING), alpha)


def said_of(operation: Operation, reader: Person) -> str:
    operation.refresh_from_db()
    return problem_text(operation, reader)


def test_what_the_guest_keeps_is_named(on: Vm, alpha: FakeNode, anna: Person, client: Client) -> None:
    machine_of(on, alpha).lets_go = False
    operation = ask_for(on, alpha, anna, drives=without_drive(saved(on, alpha), "vdb"), vcpus_current=2)
    step(operation)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        step(operation)
    text = said_of(operation, anna)
    assert "did not follow" in text
    assert "Disk vdb is taken out" in text
    assert "vCPUs" not in text
    client.force_login(anna)
    page = client.get(f"/operations/{operation.pk}/").content.decode()
    assert "Disk vdb is taken out" in page
    assert "Wait until the guest has followed" in page


def test_what_the_node_could_not_change_now_is_named(on: Vm, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(on, alpha, anna, interfaces=(*saved(on, alpha).interfaces, new_card()))
    alpha.fail_next("change_now", Refused("No more available PCI slots"))
    work(operation)
    assert "could not change the running machine" in said_of(operation, anna)
    assert "Network interface 52:54:00:aa:00:02 is added" in said_of(operation, anna)


def test_the_audit_trail_says_what_was_to_be_changed(on: Vm, alpha: FakeNode, anna: Person) -> None:
    also = {"display_name": ("web1", "Büro"), "mode": ("", Mode.MAINTENANCE.value)}
    ask_for(on, alpha, anna, also=also, vcpus_current=2, drives=without_drive(saved(on, alpha), "vdb"))
    words = short_words_of_edit(AuditLine.objects.get().values)
    assert words == "name web1 → Büro, mode no mode set → maintenance mode, vCPUs, Disk or drive taken out (vdb)"
