"""What the pages say and do, with the fake node behind them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.urls import reverse

from vms.models import ContactTest, Node, Operation, Vm
from vms.operations.tasks import try_contact
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Progress

HX = {"HTTP_HX_REQUEST": "true"}
NASTY = "<script>alert(1)</script>"


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
    assert 'aria-label="Start"' in html
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


def test_a_click_is_answered_with_the_row_and_means_one_operation(admin, vm):
    url = reverse("vms:action", args=[vm.uuid, "start"])
    first, second = admin.post(url, **HX), admin.post(url, **HX)
    assert (first.status_code, second.status_code) == (202, 202)
    assert f'id="vm-{vm.uuid}"' in text_of(first)
    assert ">Starting<" in text_of(first)
    assert Operation.objects.count() == 1


def test_without_scripts_a_click_leads_back_to_the_page(admin, vm):
    answer = admin.post(reverse("vms:action", args=[vm.uuid, "start"]), {"next": "/vms/?q=web"})
    assert answer.headers["Location"] == "/vms/?q=web"


def test_a_question_submitted_twice_is_one_operation(admin, running_vm):
    url, key = reverse("vms:action", args=[running_vm.uuid, "reset"]), str(uuid4())
    admin.post(url, {"key": key})
    Operation.objects.update(progress=Progress.SUCCEEDED, finished_at="2026-01-01T00:00Z")
    admin.post(url, {"key": key})
    assert Operation.objects.count() == 1


def test_what_is_not_possible_is_refused_with_the_reason(admin, vm):
    answer = admin.post(reverse("vms:action", args=[vm.uuid, "pause"]), **HX)
    assert answer.status_code == 409
    assert "Pause of web1 is not possible now. The machine is stopped. Start it first." in text_of(answer)


def test_the_loser_of_a_race_is_told_who_won(admin, vm, berta, client):
    admin.post(reverse("vms:action", args=[vm.uuid, "start"]))
    client.force_login(berta)
    answer = client.post(reverse("vms:action", args=[vm.uuid, "start"]), **HX)
    assert answer.status_code == 409
    assert "Start by admin since" in text_of(answer)


def test_the_question_names_machine_node_and_consequence(admin, running_vm):
    html = text_of(admin.get(reverse("vms:action", args=[running_vm.uuid, "power-off"])))
    assert "Power off web1?" in html
    assert "web1 on node alpha is switched off at once" in html


def test_a_name_is_never_markup(admin, add_vm):
    vm = add_vm(NASTY)
    for url in (
        reverse("vms:list"),
        reverse("vms:page", args=[vm.uuid]),
        reverse("vms:action", args=[vm.uuid, "delete"]),
        f"{reverse('vms:rows')}?id={vm.uuid}&open={vm.uuid}",
    ):
        html = text_of(admin.get(url))
        assert NASTY not in html, url
        assert "&lt;script&gt;" in html, url


def test_only_the_rows_that_were_asked_for_come_back(admin, add_vm):
    one, other = add_vm("one"), add_vm("other")
    html = text_of(admin.get(f"{reverse('vms:rows')}?id={one.uuid}&id={uuid4()}&id=nonsense"))
    assert f"vm-{one.uuid}" in html
    assert f"vm-{other.uuid}" not in html


@pytest.mark.parametrize(
    "query",
    ["q=web", "q=alpha", "q=", "sort=-memory", "sort=nonsense", "page=99999", "page=x", f"q={'x' * 10_000}", "q=%00"],
)
def test_a_list_takes_whatever_stands_in_its_address(admin, vm, query):
    assert admin.get(f"{reverse('vms:list')}?{query}").status_code == 200


def test_a_search_finds_by_name_and_node_and_says_when_it_finds_nothing(admin, vm):
    assert "web1" in text_of(admin.get(f"{reverse('vms:list')}?q=alpha+web"))
    assert "Nothing found" in text_of(admin.get(f"{reverse('vms:list')}?q=nowhere"))


def test_a_list_is_cut_into_pages_and_sorted(admin, node):
    Vm.objects.bulk_create(
        [Vm(uuid=uuid4(), name=f"m{n:03}", display_name=f"m{n:03}", node=node, memory=n) for n in range(120)]
    )
    first = text_of(admin.get(f"{reverse('vms:list')}?sort=-memory"))
    assert first.index("m119") < first.index("m118")
    assert "m069" not in first
    assert "m069" in text_of(admin.get(f"{reverse('vms:list')}?sort=-memory&page=2"))


def test_an_empty_panel_says_what_to_do_first(admin):
    assert "Add a node" in text_of(admin.get(reverse("vms:list")))
    assert "No nodes yet" in text_of(admin.get(reverse("nodes:list")))


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


def test_the_table_of_states_can_be_had_as_json(capsys):
    call_command("states", format="json")
    out = capsys.readouterr().out
    assert '"action": "power off"' in out
    assert '"action": "destroy"' in out
    assert '"status": "Stopped, streaming"' in out


def test_health_names_what_is_not_well(client, db):
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "web": "well",
        "database": "well",
        "broker": "not well",
        "worker": "not well",
        "watcher": "not well",
    }
