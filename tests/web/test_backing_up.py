"""Back up: where to and how, what will happen in words, and how that is asked for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Person
from tests.conftest import AddVm
from tests.web.backups import GIB, MIB, taken, target
from tests.web.conftest import browser_of
from tests.web.copying import browser, plain_text_of, text_of
from vms.models import Backup, BackupTarget, Disk, Node, Operation, StoragePool, Vm
from vms.operations.settling import settle
from vms.rules.actions import Action
from vms.rules.backing_up import Taking
from vms.rules.backups import BackupState
from vms.rules.kinds import Kind
from vms.rules.power import Power
from vms.rules.status import Second
from vms.web.presenters.backing_up import BackUpView

__all__ = ["browser", "target"]

FOUND, CONFLICT, INVALID, FORBIDDEN = 302, 409, 422, 403

pytestmark = pytest.mark.usefixtures("no_hypervisor")


def url(vm: Vm) -> str:
    return f"/vms/{vm.pk}/back-up/"


def shown(browser: Client, vm: Vm) -> BackUpView:
    view: BackUpView = browser.get(url(vm)).context["view"]
    return view


def send(browser: Client, vm: Vm, target: BackupTarget, /, **entered: Any) -> Any:
    words = {"target": target.pk, "kind": "changes", "limit": "", "key": str(uuid4()), **entered}
    return browser.post(url(vm), words)


def asked() -> Taking:
    return Taking.from_arguments(Operation.objects.get(action=Action.BACK_UP).arguments)


@pytest.fixture
def web(add_vm: AddVm) -> Vm:
    """A machine that runs, with a guest agent."""
    return add_vm("web", Power.RUNNING, has_agent_channel=True)


def test_the_button_leads_there(browser: Client, vm: Vm) -> None:
    assert reverse("vms:action", args=[vm.pk, "back-up"]) == url(vm)
    assert url(vm) in text_of(browser.get(f"/vms/{vm.pk}/"))


def test_the_target_with_the_most_room_is_chosen(browser: Client, vm: Vm, target: BackupTarget, node: Node) -> None:
    StoragePool.objects.create(node=node, name="big", folder="/srv/big", free=9 * GIB)
    big = BackupTarget.objects.create(name="big", folder="/srv/big")
    taken(vm, target, days_ago=3)
    first, second = shown(browser, vm).choices
    assert (first.key, first.free, first.is_chosen) == (str(big.pk), "9 GiB free", True)
    assert first.last == "no backup of it there yet, so the first is whole"
    assert (second.name, second.free, second.is_chosen) == ("vault", "3 GiB free", False)
    assert second.last == "newest backup of it: 3 days ago"


def test_one_without_much_room_says_so(browser: Client, vm: Vm, target: BackupTarget) -> None:
    Disk.objects.create(vm=vm, target="vda", device="disk", path="/a.qcow2", allocation=4 * GIB)
    assert shown(browser, vm).choices[0].tight == "There may not be room: a whole backup takes up to 4 GiB."


def test_a_target_that_the_node_does_not_have_cannot_be_chosen(
    browser: Client, vm: Vm, target: BackupTarget, second_node: Node
) -> None:
    far = BackupTarget.objects.create(name="far", folder="/srv/far")
    StoragePool.objects.create(node=second_node, name="far", folder="/srv/far")
    (out,) = shown(browser, vm).out
    assert (out.name, out.why) == ("far", "Node alpha has no storage pool with its folder /srv/far.")
    assert send(browser, vm, far).status_code == INVALID


def test_where_there_is_no_target_the_page_says_what_to_do(browser: Client, vm: Vm, node: Node) -> None:
    page = text_of(browser.get(url(vm)))
    assert "There is no target for backups yet" in page and reverse("backups:target_add") in page
    assert 'name="kind"' not in page
    BackupTarget.objects.create(name="far", folder="/srv/far")
    assert "Node alpha has none of the folders" in text_of(browser.get(url(vm)))


@pytest.mark.parametrize(
    ("fields", "asked_for"),
    [
        ({"power": Power.RUNNING, "has_agent_channel": True}, {"freezes", "with_memory"}),
        ({"power": Power.RUNNING}, {"with_memory"}),
        ({"power": Power.PAUSED}, {"with_memory"}),
        ({"has_agent_channel": True}, set()),
    ],
)
def test_only_what_makes_a_difference_is_asked(
    browser: Client, add_vm: AddVm, target: BackupTarget, fields: dict[str, Any], asked_for: set[str]
) -> None:
    form = browser.get(url(add_vm("any", **fields))).context["form"]
    assert set(form.fields) - {"target", "kind", "limit"} == asked_for


def test_what_will_happen_is_said(browser: Client, vm: Vm, web: Vm, add_vm: AddVm, target: BackupTarget) -> None:
    assert shown(browser, vm).points[0].startswith("web1 stays off.")
    assert shown(browser, web).points[0].startswith("web runs on.")
    assert "after a power cut" in " ".join(shown(browser, add_vm("dumb", Power.RUNNING)).points)
    assert shown(browser, add_vm("held", Power.PAUSED)).points[0].startswith("The disks of held are backed up")


def test_it_is_backed_up_as_was_chosen(browser: Client, web: Vm, target: BackupTarget) -> None:
    answer = send(browser, web, target, kind="whole", with_memory="on", limit=7)
    assert (answer.status_code, answer["Location"]) == (FOUND, f"/vms/{web.pk}/")
    backup = Backup.objects.get()
    assert (backup.state, backup.target, backup.requested_by_name) == (BackupState.MAKING, target, "ada")
    assert asked() == Taking(backup.pk, "/srv/vault", whole=True, with_memory=True, freezes=False)
    assert Operation.objects.get().limit == 7 * MIB
    page = plain_text_of(browser.get(f"/vms/{web.pk}/"))
    assert "web is being backed up to vault." in page
    assert "Running, backing up" in page


@pytest.mark.parametrize(("entered", "limit"), [("", 5 * MIB), ("0", 0)])
def test_without_a_limit_that_of_the_target_counts(
    browser: Client, web: Vm, target: BackupTarget, entered: str, limit: int
) -> None:
    BackupTarget.objects.update(limit=5 * MIB)
    send(browser, web, target, limit=entered, freezes="on")
    assert Operation.objects.get().limit == limit
    assert asked().freezes and not asked().whole


def test_a_second_submission_of_the_same_page_does_nothing(browser: Client, vm: Vm, target: BackupTarget) -> None:
    key = str(uuid4())
    for _ in range(2):
        assert send(browser, vm, target, key=key).status_code == FOUND
    assert Backup.objects.count() == Operation.objects.count() == 1


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"target": ""}, "This field is required."),
        ({"target": 4711}, "not one of the available choices"),
        ({"kind": "half"}, "not one of the available choices"),
        ({"limit": "much"}, "Enter a whole number."),
        ({"limit": -1}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    browser: Client, web: Vm, target: BackupTarget, entered: dict[str, Any], sentence: str
) -> None:
    words = {"kind": "whole", "limit": 7, "with_memory": "on", **entered}
    answer = send(browser, web, target, **words)
    assert answer.status_code == INVALID
    assert sentence in plain_text_of(answer)
    form = answer.context["form"]
    assert str(form["limit"].value()) == str(words["limit"])
    assert (form["with_memory"].value(), form["freezes"].value()) == (True, False)
    assert not Operation.objects.exists() and not Backup.objects.exists()


def hold(vm: Vm, by: Person) -> None:
    names = {"requested_by": by, "requested_by_name": str(by)}
    Operation.objects.create(vm=vm, node=vm.node, action=Action.MIGRATE, slot="job", second=Second.MIGRATING, **names)
    settle(vm.uuid)


def test_a_machine_that_is_busy_is_not_asked_about(
    browser: Client, web: Vm, target: BackupTarget, berta: Person
) -> None:
    hold(web, berta)
    page = plain_text_of(browser.get(url(web)))
    assert "Back up of web is not possible now. The machine is moving to another node." in page
    assert "by berta" in page


def test_one_that_is_busy_by_now_says_so_and_everything_is_kept(
    browser: Client, web: Vm, target: BackupTarget, berta: Person
) -> None:
    hold(web, berta)
    answer = send(browser, web, target, kind="whole", limit=7)
    assert answer.status_code == CONFLICT
    assert "Back up of web is not possible now." in plain_text_of(answer)
    form = answer.context["form"]
    assert (form["kind"].value(), str(form["limit"].value())) == ("whole", "7")
    assert not Backup.objects.exists()


def test_templates_are_backed_up_too(browser: Client, add_vm: AddVm, target: BackupTarget) -> None:
    template = add_vm("debian", kind=Kind.TEMPLATE, mode="ready for use")
    assert url(template) in text_of(browser.get(f"/vms/{template.pk}/"))
    assert send(browser, template, target).status_code == FOUND


def test_whoever_only_operates_machines_may_not(otto: Person, vm: Vm, target: BackupTarget) -> None:
    theirs = browser_of(otto)
    assert theirs.get(url(vm)).status_code == FORBIDDEN
    assert send(theirs, vm, target).status_code == FORBIDDEN


@pytest.mark.parametrize("action", ["shutdown", "power-off"])
def test_the_question_before_a_stop_says_that_the_backup_is_cancelled(
    browser: Client, web: Vm, target: BackupTarget, action: str
) -> None:
    sentence = "The backup under way is cancelled first; nothing of it is kept."
    assert sentence not in plain_text_of(browser.get(f"/vms/{web.pk}/{action}/"))
    send(browser, web, target)
    assert sentence in plain_text_of(browser.get(f"/vms/{web.pk}/{action}/"))
