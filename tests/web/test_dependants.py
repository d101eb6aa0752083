"""What a machine says of those whose disks still need its own: in its row, in tool-tips, and when it refuses."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of
from tests.web.dependants import BY_SCRIPT, add_dependant, add_linked, loaded, messages_of, text_of
from vms.models import Vm
from vms.operations.planning import MIB
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.web.presenters.dependants import who_needs_it

MOST_QUERIES = 12


@pytest.fixture
def template(add_vm: AddVm) -> Vm:
    return add_vm("debian-12", kind=Kind.TEMPLATE, mode=Mode.READY_FOR_USE)


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def test_a_template_lists_who_needs_it_and_how_far_they_are(browser: Client, add_vm: AddVm, template: Vm) -> None:
    speed = {"bytes_per_second": MIB, "bytes_left": 120 * MIB}
    first = add_dependant(add_vm, template, "web-01", 51, **speed)
    add_dependant(add_vm, template, "web-02")
    for url in (f"/templates/?open={template.pk}", f"/vms/{template.pk}/"):
        text = text_of(browser.get(url))
        assert "Stopped, streaming" in text
        assert "Still needed by 2 machines" in text
        assert f'<a class="name" href="/vms/{first.pk}/">web-01</a> <b class="status__percent">[5.1 %]</b>' in text
        assert "1 MiB/s · 2 min left" in text
        assert "waits for its turn" in text
    german = text_of(browser.get(f"/templates/?open={template.pk}", headers={"Accept-Language": "de"}))
    assert re.search(r">web-01</a> <b [^>]*>\[5,1.%\]<", german)


def test_its_row_comes_anew_when_one_of_them_changes(browser: Client, add_vm: AddVm, template: Vm) -> None:
    assert f'id="vm-{template.pk}" data-live>' in text_of(browser.get("/templates/"))
    vm = add_dependant(add_vm, template, "web-01", 51)
    assert f'data-live="vm:{template.pk} vm:{vm.pk}"' in text_of(browser.get("/templates/"))


def test_the_tool_tip_of_its_status_says_the_same(browser: Client, add_vm: AddVm, template: Vm) -> None:
    add_dependant(add_vm, template, "web-01", 51)
    add_dependant(add_vm, template, "web-02", 770)
    text = text_of(browser.get("/templates/"))
    assert (
        '<small data-by="dependants">web-01 [5.1 %], web-02 [77.0 %] still stream from this template.</small>' in text
    )
    assert re.search(r'id="template_is_streamed_from" data-by="dependants" data-instead', text)


def test_a_long_list_is_cut_short_in_a_sentence(anna: Person, add_vm: AddVm, template: Vm) -> None:
    for number in range(1, 13):
        add_dependant(add_vm, template, f"web-{number:02}", 5)
    sentence = who_needs_it(loaded(template), anna)
    assert sentence.startswith("web-01 [0.5 %], web-02 [0.5 %]")
    assert sentence.endswith("web-10 [0.5 %] and 2 more still stream from this template.")


def test_one_alone_and_one_that_was_stopped(anna: Person, add_vm: AddVm, template: Vm) -> None:
    assert who_needs_it(loaded(template), anna) == ""
    add_dependant(add_vm, template, "web-01", 51)
    assert who_needs_it(loaded(template), anna) == "web-01 [5.1 %] still streams from this template."
    add_linked(add_vm, template, "web-02")
    assert who_needs_it(loaded(template), anna).endswith("web-02 still needs its disks and does not stream.")


def test_a_machine_that_is_cloned_has_the_same_list(browser: Client, add_vm: AddVm) -> None:
    origin = add_vm("web-01")
    add_dependant(add_vm, origin, "web-02", 51, action=Action.CLONE)
    text = text_of(browser.get(f"/vms/?open={origin.pk}"))
    assert "Still needed by 1 machine" in text
    assert "web-02 [5.1 %] is still being copied from this machine." in text
    assert re.search(r'id="is_being_copied" data-by="dependants" data-instead', text)


def test_one_that_does_not_stream_says_so_and_can_be_asked_to(
    browser: Client, otto: Person, add_vm: AddVm, template: Vm
) -> None:
    vm = add_linked(add_vm, template, "web-01")
    for url in (f"/templates/?open={template.pk}", f"/vms/{template.pk}/"):
        text = text_of(browser.get(url))
        assert "Linked: streaming was stopped" in text
        assert f'formaction="/vms/{vm.pk}/stream/" aria-label="Stream web-01"' in text
        assert f"/vms/{vm.pk}/stream/" not in text_of(browser_of(otto).get(url))


def test_what_is_off_names_them(browser: Client, add_vm: AddVm, template: Vm) -> None:
    add_dependant(add_vm, template, "web-01", 51)
    add_dependant(add_vm, template, "web-02", 770)
    who = "web-01 [5.1 %], web-02 [77.0 %] still stream from this template."
    refused = browser.post(f"/vms/{template.pk}/start/", headers=BY_SCRIPT)
    assert refused.status_code == 409
    assert f"Start of debian-12 is not possible now. {who}" in messages_of(refused)
    assert who in text_of(browser.get(f"/vms/{template.pk}/delete/"))
    assert (
        "Wait until they have finished" not in text_of(browser.get(f"/vms/{template.pk}/delete/")).partition("tips")[0]
    )


@pytest.mark.broad
def test_a_list_costs_the_same_however_many_depend(browser: Client, add_vm: AddVm, template: Vm) -> None:
    counts = set()
    for more in range(3):
        for number in range(4):
            add_dependant(add_vm, template, f"web-{more}{number}", 51)
        url = f"/templates/?open={template.pk}"
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            browser.get("/templates/")
        with CaptureQueriesContext(connection) as opened:
            browser.get(url)
        counts.add((len(captured), len(opened)))
    assert len(counts) == 1
    assert counts.pop()[0] <= MOST_QUERIES
