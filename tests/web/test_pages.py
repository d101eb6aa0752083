"""What the pages say and do, with the fake node behind them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from vms.models import ContactTest, Node, Vm
from vms.operations.tasks import try_contact
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason


@pytest.fixture
def admin(client, django_user_model):
    person = django_user_model.objects.create_user("admin", is_administrator=True)
    client.force_login(person)
    return client


def text_of(answer):
    return answer.content.decode()


def test_a_list_shows_name_status_and_buttons(admin, running_vm):
    html = text_of(admin.get(reverse("vms:list")))
    assert "web1" in html
    assert ">Running<" in html
    assert ">Start</button>" in html
    assert "The machine is running already." in html


def test_a_template_that_must_not_be_used_says_so(admin, add_vm):
    add_vm("debian", kind=Kind.TEMPLATE)
    assert ">Do not use<" in text_of(admin.get(reverse("vms:templates")))
    assert "debian" not in text_of(admin.get(reverse("vms:list")))


@pytest.mark.parametrize(
    ("mode", "power", "words"),
    [
        (Mode.READY_FOR_USE, Power.OFF, "Stopped"),
        (Mode.MAINTENANCE, Power.RUNNING, "Running, maintenance mode"),
        (Mode.FIRST_INSTALLATION, Power.OFF, "Stopped, first installation"),
        (Mode.DO_NOT_USE, Power.RUNNING, "Running, do not use"),
        ("", Power.OFF, "Do not use"),
    ],
)
def test_the_mode_of_a_template_is_part_of_its_status(admin, add_vm, mode, power, words):
    add_vm("debian", power, kind=Kind.TEMPLATE, mode=mode)
    assert f">{words}<" in text_of(admin.get(reverse("vms:templates")))


def test_a_lost_node_greys_its_machines_and_says_since_when(admin, running_vm, node):
    Node.objects.update(reachable=False, problem="node_unreachable")
    Vm.objects.update(main="Unknown")
    html = text_of(admin.get(reverse("vms:list")))
    assert "is-stale" in html
    assert "Node alpha cannot be reached since" in html
    assert "Last known: running" in html


def test_a_crashed_machine_says_why_and_shows_the_end_of_its_log(admin, add_vm):
    vm = add_vm("web1", Power.OFF, PowerReason.PROCESS_DIED, last_log_lines="terminating on signal 9")
    html = text_of(admin.get(reverse("vms:page", args=[vm.uuid])))
    assert ">Crashed<" in html
    assert "terminating on signal 9" in html


def test_numbers_are_written_as_the_reader_writes_them(admin, add_vm):
    add_vm("web1", Power.RUNNING, memory=1610612736)
    assert "1.5 GiB" in text_of(admin.get(reverse("vms:list")))
    assert "1,5 GiB" in text_of(admin.get(reverse("vms:list"), HTTP_ACCEPT_LANGUAGE="de"))


def test_a_node_is_tried_step_by_step_and_then_added(admin, beta):
    beta.add("one")
    answer = admin.post(reverse("nodes:add"), {"name": "beta", "uri": "qemu+ssh://beta/system"})
    test = ContactTest.objects.get()
    assert answer.headers["Location"] == reverse("nodes:contact", args=[test.pk])
    ContactTest.objects.update(uri=beta.uri)
    try_contact(test.pk)
    html = text_of(admin.get(answer.headers["Location"]))
    assert "1 machine found" in html
    assert "Add this node" in html


@pytest.mark.parametrize(
    ("name", "uri", "sentence"),
    [
        ("", "qemu:///system", "required"),
        ("with blank", "qemu:///system", "Use letters, digits"),
        ("x" * 70, "qemu:///system", "63"),
        ("gamma", "nonsense", "no libvirt address"),
        ("gamma", "qemu+ext:///system?command=/bin/sh", "no libvirt address"),
        ("gamma", "qemu+ssh://h/system?netcat=/bin/sh", "no libvirt address"),
        ("ALPHA", "qemu:///system", "already"),
    ],
)
def test_a_node_that_cannot_be_right_is_sent_back_with_a_sentence(admin, node, name, uri, sentence):
    answer = admin.post(reverse("nodes:add"), {"name": name, "uri": uri})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert uri.split("?")[0] in text_of(answer)


def test_a_node_with_machines_is_not_removed(admin, vm, node):
    admin.post(reverse("nodes:remove", args=[node.pk]))
    assert Node.objects.filter(pk=node.pk).exists()


def test_the_table_of_states_is_whole_in_the_readers_language(admin):
    html = text_of(admin.get(f"{reverse('states')}?mode=maintenance+mode", HTTP_ACCEPT_LANGUAGE="de"))
    assert "Gestoppt, Streaming" in html
    assert "Gestoppt, Wartungsmodus" in html
