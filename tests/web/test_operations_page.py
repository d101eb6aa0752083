"""Operations as people see them: whose, how they stand, one by itself, and the bell."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.utils import timezone

from vms import labels
from vms.models import Operation, Vm
from vms.operations.bulk import plan, request_bulk
from vms.operations.bulk_asking import ask_some
from vms.operations.performing import finish
from vms.operations.recipes import RECIPES
from vms.operations.requesting import Order, acknowledge, request_action
from vms.rules.actions import Action
from vms.rules.problems import Problem
from vms.rules.progress import Progress

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, anna):
    client.force_login(anna)
    return client


def ask(vm, by, action=Action.START):
    return request_action(vm, Order(action, {}), by=by)


def failed(vm, by):
    operation = ask(vm, by)
    finish(operation, Progress.FAILED, Problem.NO_SPACE)
    return operation


def succeeded(vm, by):
    operation = ask(vm, by)
    operation.become(Progress.WORKING)
    finish(operation, Progress.SUCCEEDED)
    return operation


def shown(page, query=""):
    return [row.pk for row in page.get(f"/operations/{query}").context["rows"]]


def counts(page, query=""):
    context = page.get(f"/operations/{query}").context
    return {facet.label: facet.count for facet in [*context["whose"], *context["facets"]]}


def test_mine_are_told_from_everybodys(page, add_vm, anna, berta):
    mine, other = ask(add_vm("a"), anna), ask(add_vm("b"), berta)
    assert set(shown(page)) == {str(mine.pk), str(other.pk)}
    assert shown(page, "?who=mine") == [str(mine.pk)]


def test_every_facet_says_how_many_it_would_show(page, add_vm, anna, berta):
    ask(add_vm("a"), anna)
    failed(add_vm("b"), anna)
    succeeded(add_vm("c"), anna)
    ask(add_vm("d"), berta)
    assert counts(page, "?who=mine") == {
        "Everybody's": 4,
        "Mine": 3,
        "All": 3,
        "Under way": 1,
        "Needs attention": 1,
        "Failed": 1,
        "Done": 1,
    }


@pytest.mark.broad
@pytest.mark.parametrize("words", ["web1", "start", "ALPHA", "anna", "no space", "failed", "web1 failed"])
def test_an_operation_is_found_by_what_can_be_read_of_it(page, add_vm, anna, berta, words):
    wanted = failed(add_vm("web1"), anna)
    assert shown(page, f"?{urlencode({'q': words})}") == [str(wanted.pk)]
    assert shown(page, f"?{urlencode({'q': words + ' zzz'})}") == []


def test_failures_stay_until_they_are_acknowledged_and_all_shown_at_once(page, add_vm, anna):
    shown_ones = [failed(add_vm("a"), anna), failed(add_vm("b"), anna)]
    later = failed(add_vm("c"), anna)
    page.post("/operations/acknowledge/", {"id": [str(operation.pk) for operation in shown_ones]})
    assert shown(page, "?show=attention") == [str(later.pk)]
    assert len(shown(page, "?show=failed")) == 3


def test_what_is_under_way_cannot_be_acknowledged(page, vm, anna):
    operation = ask(vm, anna)
    page.post("/operations/acknowledge/", {"id": [str(operation.pk)]})
    operation.refresh_from_db()
    assert operation.acknowledged_at is None


def test_an_operation_shows_its_steps_and_where_it_failed(page, vm, anna):
    operation = ask(vm, anna)
    operation.become(Progress.WORKING, started_at=timezone.now(), steps_done=1)
    finish(operation, Progress.FAILED, Problem.DID_NOT_STAY_ON)
    steps = page.get(f"/operations/{operation.pk}/").context["page"].steps
    assert [(step.label, step.state) for step in steps] == [
        ("Switch the machine on", "done"),
        ("See it stay on", "failed"),
    ]
    assert "did not stay on" in steps[1].note


def test_speed_and_time_left_are_shown_where_they_are_known(page, vm, anna):
    operation = ask(vm, anna)
    changes = {"permille": 510, "bytes_left": 600 * 2**20, "bytes_per_second": 60 * 2**20}
    operation.become(Progress.WORKING, started_at=timezone.now(), **changes)
    text = page.get(f"/operations/{operation.pk}/").content.decode()
    assert ("60 MiB/s" in text, "10 s left" in text, "[51.0 %]" in text) == (True, True, True)


def test_its_own_lines_of_the_timeline_are_there(page, vm, anna):
    operation = succeeded(vm, anna)
    text = page.get(f"/operations/{operation.pk}/").content.decode()
    assert "Start was asked for by anna" in text
    assert "Start ended: Done" in text


def test_an_operation_leads_to_the_bulk_it_is_a_part_of(page, add_vm, anna):
    machines = [add_vm("a"), add_vm("b")]
    planned = plan(
        Vm.objects.filter(pk__in=[vm.pk for vm in machines]).with_operations_under_way(), Action.START, by=anna
    )
    bulk = request_bulk(Action.START, planned, key=uuid4(), by=anna)
    (first, _second), _more = ask_some(bulk.pk)
    assert f"/bulk/{bulk.pk}/" in page.get(f"/operations/{first}/").content.decode()
    assert f"/bulk/{bulk.pk}/" in page.get("/operations/").content.decode()


def test_an_id_that_cannot_be_one_finds_nothing(page):
    assert page.get(f"/operations/rows/?id={'9' * 30}&id=x&id=-1").context["rows"] == []


def test_every_step_of_every_recipe_has_words():
    names = {step.__name__ for recipe in RECIPES.values() for step in recipe.steps}
    assert names <= set(labels.STEP)


class TestBell:
    def ring(self, page, since=None):
        query = f"?{urlencode({'since': since.isoformat()})}" if since else ""
        return page.get(f"/operations/bell/{query}").context["bell"]

    def test_it_shows_mine_under_way_and_failed(self, page, add_vm, anna, berta):
        wanted = {str(ask(add_vm("a"), anna).pk), str(failed(add_vm("b"), anna).pk)}
        succeeded(add_vm("c"), anna)
        ask(add_vm("d"), berta)
        assert {row.pk for row in self.ring(page).open} == wanted

    def test_it_shows_eight_of_them_at_most(self, page, add_vm, anna):
        for number in range(10):
            ask(add_vm(f"m{number}"), anna)
        assert len(self.ring(page).open) == 8

    def test_it_shows_the_last_few_of_mine_that_ended(self, page, add_vm, anna, berta):
        mine = [succeeded(add_vm(f"m{number}"), anna) for number in range(4)]
        succeeded(add_vm("hers"), berta)
        acknowledge(failure := failed(add_vm("b"), anna), by=anna)
        assert [row.pk for row in self.ring(page).ended] == [str(op.pk) for op in (failure, mine[3], mine[2])]
        assert self.ring(page).open == []

    def test_it_tells_of_mine_that_ended_since(self, page, add_vm, anna, berta):
        since = timezone.now()
        succeeded(add_vm("a"), anna)
        failed(add_vm("b"), anna)
        succeeded(add_vm("c"), berta)
        assert {(news.level, news.text) for news in self.ring(page, since).news} == {
            ("success", "Start of a: done."),
            ("error", "Start of b has failed. No space is left on node alpha."),
        }

    def test_what_ended_long_before_is_not_told(self, page, vm, anna):
        operation = succeeded(vm, anna)
        Operation.objects.filter(pk=operation.pk).update(finished_at=timezone.now() - timedelta(minutes=1))
        assert self.ring(page, timezone.now()).news == []

    def test_many_that_went_well_are_one_message(self, page, add_vm, anna):
        since = timezone.now()
        for number in range(5):
            succeeded(add_vm(f"m{number}"), anna)
        assert [news.text for news in self.ring(page, since).news] == ["5 operations are done."]

    def test_a_bulk_is_told_as_one_when_its_last_machine_has_ended(self, page, add_vm, anna):
        machines, since = [add_vm("a"), add_vm("b")], timezone.now()
        planned = plan(
            Vm.objects.filter(pk__in=[vm.pk for vm in machines]).with_operations_under_way(), Action.START, by=anna
        )
        (first, second), _more = ask_some(request_bulk(Action.START, planned, key=uuid4(), by=anna).pk)
        finish(Operation.objects.get(pk=first), Progress.FAILED, Problem.NO_SPACE)
        assert self.ring(page, since).news == []
        operation = Operation.objects.get(pk=second)
        operation.become(Progress.WORKING)
        finish(operation, Progress.SUCCEEDED)
        assert [news.text for news in self.ring(page, since).news] == ["Start: 2 machines: 1 done, 1 not."]

    @pytest.mark.parametrize("since", ["", "x", "2026-13-45T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00Z"])
    def test_a_moment_that_is_none_tells_nothing(self, page, since):
        assert page.get(f"/operations/bell/?since={since}").context["bell"].news == []
