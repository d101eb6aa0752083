"""The pages of bulk actions: what would happen, then what happened; the same without a script."""

import re
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from vms.models import Bulk, Grant, Operation, Vm
from vms.operations.bulk_asking import ask_some
from vms.operations.performing import finish
from vms.operations.requesting import Order, request_action
from vms.rules.actions import Action
from vms.rules.power import Power
from vms.rules.problems import Problem
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.rules.status import Main

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(add_vm):
    return [add_vm("web0"), add_vm("web1"), add_vm("db0", Power.RUNNING)]


@pytest.fixture
def page(client, anna):
    client.force_login(anna)
    return client


def address(action, *machines, **more):
    return f"/bulk/?{urlencode([('action', action), *(('vm', str(vm.pk)) for vm in machines), *more.items()])}"


def hidden(answer, name):
    return re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode()).group(1)


def confirm(page, url, **more):
    shown = page.get(url)
    return page.post(url, {"key": hidden(shown, "key"), "seen": hidden(shown, "seen"), **more})


def test_first_it_says_what_would_happen_and_nothing_does(page, three):
    text = page.get(address("start", *three)).content.decode()
    assert "2 machines will start" in text
    assert "1 is running already" in text
    assert (Bulk.objects.count(), Operation.objects.count()) == (0, 0)


def test_the_refused_are_named_with_the_reason(page, three):
    text = page.get(address("delete", *three)).content.decode()
    assert "1 is refused" in text
    assert "The machine must be stopped. Shut it down first." in text


def test_after_the_confirmation_it_is_written_down_and_shown(page, three):
    answer = confirm(page, address("start", *three))
    bulk = Bulk.objects.get()
    assert answer.url.startswith(f"/bulk/{bulk.pk}/")
    assert bulk.items.count() == 3


def test_the_same_page_sent_twice_is_one_bulk(page, three):
    url = address("start", *three)
    shown = page.get(url)
    fields = {"key": hidden(shown, "key"), "seen": hidden(shown, "seen")}
    first = page.post(url, fields)
    ask_some(Bulk.objects.get().pk)
    assert page.post(url, fields).url == first.url
    assert Bulk.objects.count() == 1


def test_all_that_were_found_are_found_again_by_the_address(page, three):
    url = f"/bulk/?{urlencode({'action': 'start', 'all': '1', 'page': 'vms', 'query': 'q=web'})}"
    confirm(page, url)
    assert {item.vm.name for item in Bulk.objects.get().items.all()} == {"web0", "web1"}


def test_what_was_not_shown_is_not_done(page, three, add_vm):
    url = f"/bulk/?{urlencode({'action': 'start', 'all': '1', 'page': 'vms', 'query': 'q=web'})}"
    shown = page.get(url)
    add_vm("web2")
    answer = page.post(url, {"key": hidden(shown, "key"), "seen": hidden(shown, "seen")})
    assert (answer.status_code, Bulk.objects.count()) == (409, 0)
    assert "have changed meanwhile" in answer.content.decode()


def test_where_data_is_lost_a_machine_that_became_possible_is_asked_about_again(page, three, anna):
    url = address("delete", *three)
    shown = page.get(url)
    Vm.objects.filter(pk=three[2].pk).update(power=Power.OFF, wanted="off")
    answer = page.post(url, {"key": hidden(shown, "key"), "seen": hidden(shown, "seen"), "typed": "2"})
    assert (answer.status_code, Bulk.objects.count()) == (409, 0)


@pytest.mark.parametrize(("typed", "status"), [("", 422), ("3", 422), ("2", 302), (" 2 ", 302)])
def test_delete_needs_the_number_of_machines(page, three, typed, status):
    assert confirm(page, address("delete", *three), typed=typed).status_code == status


def test_the_disks_that_go_too_are_named(page, three):
    three[0].disks.create(target="vda", path="/images/made.qcow2", made_by_panel=True)
    three[1].disks.create(target="vda", path="/images/found.qcow2", made_by_panel=False)
    text = page.get(address("delete", *three)).content.decode()
    assert "1 disk that the panel made is deleted with them" in text
    assert "/images/made.qcow2" in text
    assert "/images/found.qcow2" not in text


def test_nothing_ticked_says_so(page):
    assert "No machines were chosen" in page.get("/bulk/?action=start").content.decode()


@pytest.mark.parametrize("name", ["", "nonsense", "migrate", "use"])
def test_actions_that_are_not_built_do_not_exist(page, name):
    assert page.get(f"/bulk/?action={name}").status_code == 404


def test_without_the_right_it_is_refused(client, otto, three):
    client.force_login(otto)
    assert client.get(address("delete", *three)).status_code == 403
    assert client.post(address("delete", *three), {"key": str(uuid4())}).status_code == 403


def test_machines_that_may_not_be_seen_are_left_out(client, nobody, three, add_vm):
    Grant.objects.create(vm=add_vm("given"), person=nobody, right=Right.OPERATE)
    client.force_login(nobody)
    assert "No machines were chosen" in client.get(address("start", *three)).content.decode()


def test_a_key_that_is_none_is_a_bad_request(page, three):
    assert page.post(address("start", *three), {"key": "x"}).status_code == 400


def test_the_result_page_shows_each_machine_with_what_came_of_it(page, three):
    answer = confirm(page, address("start", *three))
    bulk = Bulk.objects.get()
    ask_some(bulk.pk)
    operation = Operation.objects.get(vm=three[0])
    finish(operation, Progress.FAILED, Problem.NO_SPACE)
    text = page.get(answer.url).content.decode()
    assert "2 of 3 machines have ended" in text
    assert "No space is left on node alpha." in text
    assert "Nothing to do" in text
    assert f'data-live="bulk-item:{bulk.items.get(vm=three[0]).pk} operation:{operation.pk}"' in text


def test_a_row_comes_by_itself_as_it_is_now(page, three):
    confirm(page, address("start", *three))
    bulk = Bulk.objects.get()
    item = bulk.items.get(vm=three[0])
    assert "Waiting" in page.get(f"/bulk/{bulk.pk}/rows/?id={item.pk}").content.decode()
    ask_some(bulk.pk)
    text = page.get(f"/bulk/{bulk.pk}/rows/?id={item.pk}").content.decode()
    assert ("web0" in text, "web1" in text, "operation:" in text) == (True, False, True)


def test_what_could_not_be_asked_for_says_so_and_can_be_tried_again(page, three):
    confirm(page, address("start", *three))
    bulk = Bulk.objects.get()
    bulk.items.filter(vm=three[0]).update(refusal=Reason.ASKING_FAILED)
    ask_some(bulk.pk)
    shown = page.get(f"/bulk/{bulk.pk}/?show=failed")
    assert [row.vm_name for row in shown.context["rows"]] == ["web0"]
    assert "This could not be asked for" in shown.content.decode()
    retried = page.get(f"/bulk/?action=start&bulk={bulk.pk}")
    assert retried.context["question"].number == 1


def test_the_failed_and_refused_can_be_tried_again_as_a_new_bulk(page, three, anna, berta):
    confirm(page, address("start", *three))
    bulk = Bulk.objects.get()
    holder = request_action(three[1], Order(Action.START, {}), by=berta)
    ask_some(bulk.pk)
    finish(Operation.objects.get(vm=three[0]), Progress.FAILED, Problem.NO_SPACE)
    finish(holder, Progress.FAILED, Problem.NO_SPACE)
    retry = f"/bulk/?action=start&bulk={bulk.pk}"
    assert retry.replace("&", "&amp;") in page.get(f"/bulk/{bulk.pk}/").content.decode()
    confirm(page, retry)
    again = Bulk.objects.exclude(pk=bulk.pk).get()
    assert {item.vm.name for item in again.items.all()} == {"web0", "web1"}


def test_the_bulk_of_somebody_else_is_not_to_be_found(client, page, three, otto):
    confirm(page, address("start", *three))
    otto.user_permissions.clear()
    client.force_login(otto)
    assert client.get(f"/bulk/{Bulk.objects.get().pk}/").status_code == 404


@pytest.mark.broad
def test_the_question_costs_few_queries_however_many_machines(page, node, django_assert_max_num_queries):
    Vm.objects.bulk_create(
        [Vm(name=f"m{n}", display_name=f"m{n}", node=node, power=Power.OFF, main=Main.STOPPED) for n in range(300)]
    )
    with django_assert_max_num_queries(12):
        page.get("/bulk/?action=start&all=1&page=vms")
