"""What "+", a machine's page and the pages of nodes show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.dependants import loaded
from vms.models import Backup, BackupTarget, Event, Node, Operation, Vm
from vms.rules.actions import Action, Slot
from vms.rules.backups import BackupState, Consistency, Damage
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.timeline import What
from vms.web import formats
from vms.web.presenters.details import details
from vms.web.presenters.nodes import node_views
from vms.web.presenters.timeline import MOST, timeline

GIB, MIB = 1024**3, 1024**2


@pytest.fixture
def browser(administrator: Person) -> Client:
    return browser_of(administrator)


@pytest.fixture
def target(db: None) -> BackupTarget:
    return BackupTarget.objects.create(name="vault", folder="/srv/vault")


def page(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def opened(browser: Client, *machines: Vm) -> str:
    return page(browser, "/vms/?" + "&".join(f"open={vm.pk}" for vm in machines))


def operation(vm: Vm, action: Action, progress: Progress, **more: Any) -> Operation:
    more = {"slot": Slot.RUN, "requested_by_name": "anna", **more}
    if progress not in {Progress.QUEUED, Progress.WORKING}:
        more.setdefault("finished_at", timezone.now())
    return Operation.objects.create(vm=vm, node=vm.node, action=action, progress=progress, **more)


def facts(vm: Vm, viewer: Person) -> dict[str, str]:
    return {fact.label: fact.value for fact in details(loaded(vm), viewer).facts}


def test_nothing_known_is_nothing_said(browser: Client, vm: Vm, node: Node) -> None:
    vm.disks.create(target="vda", device="disk", path="/images/a.qcow2")
    vm.disks.create(target="sda", device="cdrom")
    vm.interfaces.create(position=0, source_type="ethernet")
    for text in (opened(browser, vm), page(browser, f"/vms/{vm.pk}/"), page(browser, f"/nodes/{node.pk}/")):
        assert "None" not in text
    text = opened(browser, vm)
    assert "size not known yet" in text
    assert "CD-ROM, empty" in text


def test_an_operation_under_way_with_all_that_is_known_of_it(browser: Client, running_vm: Vm) -> None:
    job = operation(
        running_vm,
        Action.BACK_UP,
        Progress.WORKING,
        slot=Slot.JOB,
        permille=413,
        bytes_left=120 * 60 * MIB,
        bytes_per_second=60 * MIB,
        phase=Phase.TALKING_TO_NODE,
    )
    text = opened(browser, running_vm)
    assert "[41.3 %]" in text
    assert "60 MiB/s · 2 min left" in text
    assert "by anna" in text
    assert f"/operations/{job.pk}/cancel/" in text


def test_a_machine_shows_its_newest_backups_and_where_all_of_them_are(
    browser: Client, vm: Vm, target: BackupTarget
) -> None:
    assert "Never backed up" in opened(browser, vm)
    made = [
        Backup.objects.create(vm=vm, target=target, stem=f"b{number}", state=BackupState.GOOD, size=number * GIB)
        for number in range(1, 8)
    ]
    Backup.objects.create(vm=vm, target=target, stem="half", state=BackupState.MAKING)
    Backup.objects.filter(stem="b7").update(state=BackupState.DAMAGED, damage=Damage.MISSING)
    Backup.objects.filter(stem="b6").update(checked_at=timezone.now(), consistency=Consistency.AT_REST)
    for text in (opened(browser, vm), page(browser, f"/vms/{vm.pk}/")):
        assert f'href="/backups/?vm={vm.pk}"' in text
        assert [f'href="/backups/{each.pk}/"' in text for each in made] == [False] * 2 + [True] * 5
        assert "Damaged" in text
        assert "A file of this backup is missing." in text
        assert ">File systems at rest</span> · verified " in text
        assert text.count("not verified yet") == 4


def test_what_can_be_cancelled_has_a_button_in_its_row(browser: Client, running_vm: Vm) -> None:
    asked = operation(running_vm, Action.SHUTDOWN, Progress.WORKING)
    assert f'form="act" formaction="/operations/{asked.pk}/cancel/"' in opened(browser, running_vm)


def test_the_last_operations_say_how_they_ended(administrator: Person, vm: Vm) -> None:
    now = timezone.now()
    for number in range(7):
        operation(vm, Action.START, Progress.SUCCEEDED, requested_at=now - timedelta(hours=number + 1))
    operation(vm, Action.SHUTDOWN, Progress.FAILED, problem=Problem.GUEST_DID_NOT_REACT)
    shown = details(loaded(vm), administrator)
    assert (len(shown.under_way), len(shown.last)) == (0, 5)
    assert (shown.last[0].look, shown.last[1].look) == ("bad", "good")
    assert "did not react" in shown.last[0].problem
    assert shown.operations_url == "/operations/?q=web1"


def test_a_disk_with_its_use(administrator: Person, vm: Vm) -> None:
    vm.disks.create(target="vda", device="disk", path="/i/a.qcow2", capacity=20 * GIB, allocation=4 * GIB, bus="virtio")
    vm.disks.create(target="vdb", device="disk", path="/i/b.raw", capacity=GIB, allocation=2 * GIB)
    first, second = details(loaded(vm), administrator).disks
    assert (first.text, first.percent, first.file) == ("20 GiB, 4 GiB used", 20, "a.qcow2")
    assert second.percent == 100


def test_an_interface_with_its_addresses(browser: Client, running_vm: Vm) -> None:
    running_vm.interfaces.create(
        position=0, mac="52:54:00:3f:a1:07", source_type="network", source="lan", addresses=["10.0.3.27", "2001:db8::7"]
    )
    text = opened(browser, running_vm)
    for part in ("net0", "network lan", "52:54:00:3f:a1:07", "10.0.3.27", "2001:db8::7"):
        assert part in text


def test_the_facts_of_a_running_machine(administrator: Person, add_vm: AddVm) -> None:
    started = timezone.now() - timedelta(hours=3, minutes=5)
    vm = add_vm("web1", Power.RUNNING, started_at=started, os_name="Debian 12", guest_hostname="shop", vcpus=4)
    vm.has_agent_channel = vm.agent_used_to_answer = True
    vm.save()
    found = facts(vm, administrator)
    assert (found["Up"], found["OS"], found["Host name"], found["vCPUs"]) == ("3 h", "Debian 12", "shop", "4")
    assert found["Guest agent"] == "answers"
    vm.agent_silent_checks = 1
    vm.save()
    assert facts(vm, administrator)["Guest agent"] == "does not answer"


def test_a_machine_of_a_lost_node_does_not_count_its_hours(administrator: Person, add_vm: AddVm, node: Node) -> None:
    vm = add_vm("web1", Power.RUNNING, started_at=timezone.now())
    Node.objects.update(reachable=False)
    assert "Up" not in facts(Vm.objects.select_related("node").get(pk=vm.pk), administrator)


def test_a_template_tells_its_mode(administrator: Person, add_vm: AddVm) -> None:
    assert facts(add_vm("a", kind=Kind.TEMPLATE, mode=Mode.MAINTENANCE), administrator)["Mode"] == "maintenance mode"
    assert facts(add_vm("b", kind=Kind.TEMPLATE), administrator)["Mode"] == "no mode set"


def test_ten_opened_rows_cost_as_many_queries_as_one(browser: Client, add_vm: AddVm, target: BackupTarget) -> None:
    machines = [add_vm(f"web{number}") for number in range(10)]
    for vm in machines:
        Backup.objects.create(vm=vm, target=target, stem=vm.name, state=BackupState.GOOD)
        operation(vm, Action.START, Progress.SUCCEEDED)
        vm.disks.create(target="vda", device="disk")
    opened(browser, machines[0])
    with CaptureQueriesContext(
        connection,
    ) as one:
        opened(browser, machines[0])
    with CaptureQueriesContext(connection) as ten:
        opened(browser, *machines)
    assert len(ten) == len(one)


def test_notes_are_saved_by_a_plain_form(anna: Person, vm: Vm) -> None:
    browser = browser_of(anna)
    answer = browser.post(f"/vms/{vm.pk}/notes/", {"notes": "Ask <b>anna</b>\nfirst."})
    assert (answer.status_code, answer["Location"]) == (302, f"/vms/{vm.pk}/")
    vm.refresh_from_db()
    assert vm.notes.splitlines() == ["Ask <b>anna</b>", "first."]
    text = page(browser, f"/vms/{vm.pk}/")
    assert "Ask &lt;b&gt;anna&lt;/b&gt;" in text
    assert "Ask &lt;b&gt;anna&lt;/b&gt;" in opened(browser, vm)


def test_notes_that_are_too_long_come_back_with_what_was_typed(anna: Person, vm: Vm) -> None:
    answer = browser_of(anna).post(f"/vms/{vm.pk}/notes/", {"notes": "x" * 10_001})
    assert answer.status_code == 422
    assert "x" * 10_001 in answer.content.decode()
    assert 'id="id_notes_error"' in answer.content.decode()


def test_only_who_may_manage_machines_writes_notes(otto: Person, vm: Vm) -> None:
    browser = browser_of(otto)
    assert browser.post(f"/vms/{vm.pk}/notes/", {"notes": "mine"}).status_code == 403
    assert reverse("vms:notes", args=[vm.pk]) not in page(browser, f"/vms/{vm.pk}/")
    assert browser.get(f"/vms/{vm.pk}/notes/").status_code == 405


def test_who_may_not_see_a_machine_cannot_write_about_it(nobody: Person, vm: Vm) -> None:
    assert browser_of(nobody).post(f"/vms/{vm.pk}/notes/", {"notes": "mine"}).status_code == 404


def test_the_timeline_shows_more_when_asked_and_not_without_end(
    browser: Client, anna: Person, vm: Vm, node: Node
) -> None:
    Event.objects.bulk_create(Event(what=What.STARTED, vm=vm, node=node) for _ in range(600))
    events = Event.objects.filter(vm=vm)
    assert (len(timeline(events, anna).entries), timeline(events, anna).more) == (30, 80)
    assert (len(timeline(events, anna, "80").entries), timeline(events, anna, "80").more) == (80, 130)
    assert (len(timeline(events, anna, "9999999999").entries), timeline(events, anna, "9999999999").more) == (MOST, 0)
    assert len(timeline(events, anna, "-1 or so").entries) == len(timeline(events, anna, "²").entries) == 30
    assert 'href="?events=80#vm-timeline"' in page(browser, f"/vms/{vm.pk}/")


def test_a_node_counts_its_machines_by_status(browser: Client, node: Node, add_vm: AddVm) -> None:
    for name in ("a", "b", "c"):
        add_vm(name, Power.RUNNING)
    add_vm("d")
    add_vm("t", kind=Kind.TEMPLATE)
    add_vm("gone", deleted_at=timezone.now())
    (view,) = node_views([node])
    assert [(part.text, part.count) for part in view.statuses] == [("Stopped", 1), ("Running", 3)]
    assert [(part.start, part.share) for part in view.statuses] == [("0.00%", "25.00%"), ("25.00%", "75.00%")]
    assert view.templates_text == "1 template"
    listed = page(browser, view.statuses[1].url)
    assert [name for name in ("a", "b", "c", "d") if f">{name}</a>" in listed] == ["a", "b", "c"]


def test_many_nodes_cost_as_many_queries_as_one(browser: Client, node: Node, add_vm: AddVm) -> None:
    add_vm()
    page(browser, "/nodes/")
    with CaptureQueriesContext(connection) as one:
        page(browser, "/nodes/")
    Node.objects.bulk_create(Node(name=f"n{number}", uri=f"fake://n{number}") for number in range(40))
    with CaptureQueriesContext(connection) as many:
        text = page(browser, "/nodes/")
    assert len(many) == len(one)
    assert "None" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (9.9, "9 s"), (75, "1 min"), (3599, "59 min"), (11_000, "3 h"), (200_000, "2 days"), (-5, "0 s")],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert formats.span(seconds) == text
    assert formats.left(seconds) == f"{text} left"
