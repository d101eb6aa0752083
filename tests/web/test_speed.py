"""What a page costs: a constant number of queries, and never a call to a node."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from vms.hypervisor import fake
from vms.models import Event, Node, Operation, Vm
from vms.operations import reaching
from vms.rules.actions import Action, Slot
from vms.rules.timeline import What

MOST_QUERIES = 12
MOST_BYTES = 120_000  # every row lost or busy, with all its reasons


class NobodyMayCall:
    """A driver that a page must never reach for."""

    def __getattr__(self, name):
        raise AssertionError(f"a page called the node: {name}")


@pytest.fixture
def no_node_may_be_called(monkeypatch):
    monkeypatch.setattr(reaching, "driver", NobodyMayCall)


@pytest.fixture
def admin(client, django_user_model):
    person = django_user_model.objects.create_user("admin", is_administrator=True)
    client.force_login(person)
    return client


def machines(node, count):
    made = Vm.objects.bulk_create(
        [Vm(uuid=uuid4(), name=f"m{n}", display_name=f"m{n}", node=node, memory=2**30) for n in range(count)]
    )
    for vm in made[::3]:
        Operation.objects.create(vm=vm, node=node, action=Action.START, slot=Slot.RUN, requested_by_name="anna")
        Event.objects.create(what=What.FOUND, vm=vm, node=node, values={"node": node.name})
    return made


def pages(vm, node, operation):
    return {
        "machines": reverse("vms:list"),
        "templates": reverse("vms:templates"),
        "rows": f"{reverse('vms:rows')}?id={vm.uuid}&open={vm.uuid}",
        "machine": reverse("vms:page", args=[vm.uuid]),
        "question": reverse("vms:action", args=[vm.uuid, "delete"]),
        "nodes": reverse("nodes:list"),
        "node": reverse("nodes:page", args=[node.pk]),
        "add": reverse("nodes:add"),
        "operations": reverse("operations:list"),
        "operation": reverse("operations:page", args=[operation.pk]),
        "states": reverse("states"),
        "health": reverse("healthz"),
    }


def test_no_page_calls_a_node(admin, node, no_node_may_be_called):
    vm = machines(node, 3)[0]
    for url in pages(vm, node, Operation.objects.first()).values():
        assert admin.get(url).status_code in {200, 503}, url


@pytest.mark.parametrize("name", ["vms:list", "nodes:list", "operations:list"])
def test_a_list_costs_the_same_with_one_row_and_with_fifty(
    admin, node, name, django_assert_max_num_queries, django_assert_num_queries
):
    machines(node, 1)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        admin.get(reverse(name))
    machines(node, 49)
    for number in range(10):
        Node.objects.create(name=f"n{number}", uri=fake.add_node(f"fake://n{number}").uri)
    with django_assert_num_queries(len(few.captured_queries)):
        admin.get(reverse(name))


def test_a_page_of_fifty_rows_is_no_heavy_load(admin, node):
    machines(node, 60)
    answer = admin.get(reverse("vms:list"))
    assert answer.content.count(b"<tbody") == 50
    assert len(answer.content) < MOST_BYTES
