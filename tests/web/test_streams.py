"""What people see of a machine that streams, and can do about it: in its row and on the page of the operation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Person
from tests.conftest import AddVm, person_with
from tests.operations.streaming import MIB, add_origin, ask_for, come_to_the_pull, take_steps
from tests.web.conftest import browser_of
from tests.web.dependants import BY_SCRIPT, add_dependant, add_linked, job_of, loaded, messages_of, text_of
from vms.hypervisor.fake import FakeNode
from vms.models import Node, Operation, Vm
from vms.operations.promising import Order
from vms.operations.requesting import cancel, request_action
from vms.rules.actions import Action, Slot
from vms.rules.kinds import Kind, Link, Mode
from vms.rules.progress import Phase, Progress
from vms.rules.status import Second
from vms.web.presenters.statuses import status_view


@pytest.fixture
def template(add_vm: AddVm) -> Vm:
    return add_vm("debian-12", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE)


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def test_a_streaming_vm_says_from_where_and_offers_what_can_be_done(
    browser: Client, add_vm: AddVm, template: Vm
) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51, limit=5 * MIB)
    job = job_of(vm)
    for url in (f"/vms/?open={vm.pk}", f"/vms/{vm.pk}/"):
        text = text_of(browser.get(url))
        assert f'<dt>Made from</dt><dd><a href="/vms/{template.pk}/">debian-12</a></dd>' in text
        assert f'href="/operations/{job.pk}/stop/" data-dialog' in text
        assert f'action="/operations/{job.pk}/limit/" data-stays' in text
        assert re.search(r'name="limit" value="5"', text)
        assert text.count('name="csrfmiddlewaretoken"') > 1


def test_who_may_not_sees_neither(add_vm: AddVm, template: Vm) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51)
    only_looks = browser_of(person_with(("view_every_vm",), "vera"))
    job = job_of(vm)
    text = text_of(only_looks.get(f"/vms/{vm.pk}/"))
    assert "[5.1 %]" in text
    assert f"/operations/{job.pk}/stop/" not in text
    assert f"/operations/{job.pk}/limit/" not in text
    assert only_looks.post(f"/operations/{job.pk}/limit/", {"limit": "1"}).status_code == 403
    assert only_looks.get(f"/operations/{job.pk}/stop/").status_code == 403
    assert only_looks.post(f"/vms/{vm.pk}/stream/").status_code == 403


def test_whoever_sees_no_machine_sees_no_stream(nobody: Person, add_vm: AddVm, template: Vm) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51)
    stranger = browser_of(nobody)
    for url in (f"/operations/{job_of(vm).pk}/limit/", f"/operations/{job_of(vm).pk}/stop/", f"/vms/{vm.pk}/stream/"):
        assert stranger.post(url).status_code == 404


def test_one_that_waits_for_its_turn_says_so_in_its_row(browser: Client, add_vm: AddVm, template: Vm) -> None:
    add_dependant(add_vm, template, "web-01")
    text = text_of(browser.get("/vms/"))
    assert re.search(r'<span class="status__note">waits for its turn', text)


def test_a_machine_that_is_being_made_shows_how_far(anna: Person, add_vm: AddVm, template: Vm) -> None:
    template = add_dependant(add_vm, template, "copy", 413, second=Second.CREATING)
    view = status_view(loaded(template), anna)
    assert (view.text, view.percent_text, view.percent) == ("Stopped, creating", "[41.3 %]", 41.3)


# --- its speed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "limit", "said"),
    [
        ("5", 5 * MIB, "with 5 MiB/s at most"),
        ("100000", 100_000 * MIB, "GiB/s at most"),
        ("0", 0, "as fast as possible"),
        ("", 0, "as fast as possible"),
    ],
)
def test_the_speed_can_be_changed(
    browser: Client, add_vm: AddVm, template: Vm, typed: str, limit: int, said: str
) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51, limit=7 * MIB)
    answer = browser.post(f"/operations/{job_of(vm).pk}/limit/", {"limit": typed}, headers=BY_SCRIPT)
    assert answer.status_code == 200
    assert job_of(vm).limit == limit
    assert said in messages_of(answer)
    assert "web-01" in messages_of(answer)


def test_without_a_script_it_goes_back_to_where_the_form_was(browser: Client, add_vm: AddVm, template: Vm) -> None:
    url = f"/operations/{job_of(add_dependant(add_vm, template, 'web-01', 51)).pk}/limit/"
    here = "http://testserver/vms/?q=web&open=1"
    assert browser.post(url, {"limit": "5"}, headers={"Referer": here})["Location"] == here
    assert browser.post(url, {"limit": "5"}, headers={"Referer": "https://elsewhere.example/"})["Location"].startswith(
        "/oper"
    )
    assert browser.post(url, {"limit": "5"})["Location"].startswith("/operations/")


@pytest.mark.parametrize("typed", ["-1", "x", "1.5", "100001", "9" * 400, "\0"])
def test_what_is_no_speed_changes_nothing(browser: Client, add_vm: AddVm, template: Vm, typed: str) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51, limit=7 * MIB)
    url = f"/operations/{job_of(vm).pk}/limit/"
    assert browser.post(url, {"limit": typed}, headers=BY_SCRIPT).status_code == 422
    page = browser.post(url, {"limit": typed})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in text_of(page)
    assert job_of(vm).limit == 7 * MIB


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"finished_at": timezone.now(), "progress": Progress.SUCCEEDED},
        {"ends_as": Progress.CANCELLED},
        {"phase": Phase.ENDING},
    ],
)
def test_a_page_that_is_out_of_date_says_so(
    browser: Client, add_vm: AddVm, template: Vm, meanwhile: dict[str, Any]
) -> None:
    job = job_of(add_dependant(add_vm, template, "web-01", 51))
    Operation.objects.filter(pk=job.pk).update(**meanwhile)
    for script in (BY_SCRIPT, None):
        answer = browser.post(f"/operations/{job.pk}/limit/", {"limit": "5"}, headers=script)
        assert answer.status_code == 409
        assert "nothing left to copy" in messages_of(answer)
    assert f"/operations/{job.pk}/limit/" not in text_of(browser.get(f"/operations/{job.pk}/"))


def test_only_what_copies_has_a_speed(browser: Client, running_vm: Vm, anna: Person) -> None:
    operation = request_action(running_vm, Order(Action.SHUTDOWN, {}), by=anna)
    for what in ("limit", "stop"):
        assert browser.post(f"/operations/{operation.pk}/{what}/").status_code == 404
    assert f'formaction="/operations/{operation.pk}/cancel/"' in text_of(browser.get(f"/operations/{operation.pk}/"))


# --- stopped, and gone on with ------------------------------------------------------------------


def test_a_stream_is_stopped_after_one_question_and_can_go_on(
    browser: Client, node: Node, alpha: FakeNode, anna: Person
) -> None:
    origin = add_origin(node, alpha)
    operation = come_to_the_pull(ask_for(origin, "web-01", by=anna)[0], alpha)
    question = browser.get(f"/operations/{operation.pk}/stop/", headers={"Referer": "http://testserver/vms/?q=web"})
    assert "Stop the streaming of web-01?" in text_of(question)
    assert "web-01 stays linked to debian, which can be neither started nor deleted meanwhile." in text_of(question)
    assert 'name="next" value="http://testserver/vms/?q=web"' in text_of(question)

    stopped = browser.post(f"/operations/{operation.pk}/stop/", {"next": "/vms/?q=web"}, follow=True)
    assert stopped.redirect_chain == [("/vms/?q=web", 302)]
    assert "Streaming of web-01 is being stopped." in messages_of(stopped)
    page = text_of(browser.get(f"/operations/{operation.pk}/"))
    assert "Is being taken back" in page
    assert "Stop copying, and keep the template" in page
    assert f"/operations/{operation.pk}/stop/" not in page

    again = browser.post(f"/operations/{operation.pk}/stop/", follow=True)
    assert "Streaming of web-01 is being stopped." in messages_of(again)


@pytest.mark.broad
def test_one_that_was_stopped_can_go_on(browser: Client, node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = come_to_the_pull(ask_for(add_origin(node, alpha), "web-01", by=anna)[0], alpha)
    cancel(operation, by=anna)
    take_steps(operation)
    assert Vm.objects.get(pk=operation.vm_id).link == Link.LINKED
    text = text_of(browser.get(f"/vms/{operation.vm_id}/"))
    assert "Its disks still need debian: streaming was stopped." in text
    assert f'formaction="/vms/{operation.vm_id}/stream/"' in text
    answer = browser.post(f"/vms/{operation.vm_id}/stream/", headers=BY_SCRIPT)
    assert answer.status_code == 202
    assert "web-01 streams again." in messages_of(answer)
    assert job_of(operation.vm).action == Action.STREAM
    assert browser.post(f"/vms/{operation.vm_id}/stream/", headers=BY_SCRIPT).status_code == 202
    take_steps(job_of(operation.vm), 1)
    assert job_of(operation.vm).progress == Progress.WORKING


def test_one_that_is_not_made_yet_is_not_made_then(browser: Client, node: Node, alpha: FakeNode, anna: Person) -> None:
    operation = ask_for(add_origin(node, alpha), "web-01", by=anna)[0]
    assert "web-01 will not be made." in text_of(browser.get(f"/operations/{operation.pk}/stop/"))
    answer = browser.post(f"/operations/{operation.pk}/stop/", {"next": "/vms/"}, follow=True)
    assert "The making of web-01 is being stopped." in messages_of(answer)
    assert not Vm.objects.all().present().filter(pk=operation.vm_id).exists()


def test_what_is_over_cannot_be_stopped(browser: Client, add_vm: AddVm, template: Vm) -> None:
    job = job_of(add_dependant(add_vm, template, "web-01", 51))
    Operation.objects.filter(pk=job.pk).update(finished_at=timezone.now(), progress=Progress.SUCCEEDED)
    answer = browser.post(f"/operations/{job.pk}/stop/")
    assert answer.status_code == 409
    assert "It is too late to cancel this operation" in text_of(answer)
    assert "data-dialog-body" in text_of(answer)


def test_an_origin_the_panel_does_not_know(browser: Client, add_vm: AddVm, template: Vm) -> None:
    vm = add_dependant(add_vm, template, "web-01", 51)
    linked = add_linked(add_vm, template, "web-02")
    Vm.objects.filter(pk=template.pk).delete()
    assert "goes on needing the disks it was made from" in text_of(browser.get(f"/operations/{job_of(vm).pk}/stop/"))
    assert "Its disks still need those it was made from" in text_of(browser.get(f"/vms/{linked.pk}/"))


@pytest.mark.parametrize(
    ("link", "under_way", "said"),
    [
        (Link.NONE, {}, "stand alone already"),
        (Link.LINKED, {"action": Action.DELETE, "slot": Slot.RUN}, "is being deleted"),
        (Link.LINKED, {"action": Action.BACK_UP, "slot": Slot.JOB}, "A job is under way"),
        (Link.STREAMING, {"action": Action.STREAM, "slot": Slot.JOB, "ends_as": Progress.CANCELLED}, "A job is under"),
    ],
)
def test_one_that_cannot_stream_now_says_why(
    browser: Client, add_vm: AddVm, template: Vm, link: Link, under_way: dict[str, Any], said: str
) -> None:
    vm = add_vm("web-01", origin=template, link=link)
    if under_way:
        Operation.objects.create(vm=vm, node=vm.node, **under_way)
    before = Operation.objects.count()
    answer = browser.post(f"/vms/{vm.pk}/stream/", headers=BY_SCRIPT)
    assert answer.status_code == 409
    assert said in messages_of(answer)
    assert Operation.objects.count() == before
