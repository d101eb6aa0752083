"""A clerk that asks about pools, see tests.clerks."""

from __future__ import annotations

from datetime import timedelta
from time import process_time
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 -- models may only be loaded after the setup
from django.db.models import F  # noqa: E402 -- likewise
from django.test import Client  # noqa: E402 -- likewise
from django.test.utils import CaptureQueriesContext  # noqa: E402 -- likewise

from directory.models import Person  # noqa: E402 -- likewise
from tests.serving import Wish, serve  # noqa: E402 -- likewise
from vms.models import Grant, Node, Vm, VmPool  # noqa: E402 -- likewise
from vms.operations import pools  # noqa: E402 -- likewise
from vms.operations.golden_images import (  # noqa: E402 -- likewise
    GoldenOrder,
    activate,
    request_golden_image,
    seal_order,
    take_out_of_use,
)
from vms.operations.keeper import keep  # noqa: E402 -- likewise
from vms.operations.requesting import Order, request_action  # noqa: E402 -- likewise
from vms.rules.actions import Action  # noqa: E402 -- likewise
from vms.rules.pools import PoolKind  # noqa: E402 -- likewise
from vms.rules.rights import Right  # noqa: E402 -- likewise


def admin() -> Person:
    return Person.objects.get(username="admin")


def pool_of(wish: Wish) -> VmPool:
    return VmPool.objects.get(pk=wish["pool"])


def machine_of(wish: Wish) -> Vm:
    return Vm.objects.select_related("node").get(pk=wish["vm"])


# --- pools --------------------------------------------------------------------------------------------


def add(wish: Wish) -> str:
    """nodes: names, none for all."""
    order = {name: value for name, value in wish.items() if name not in {"asks", "nodes"}}
    nodes = tuple(Node.objects.filter(name__in=wish.get("nodes", [])))
    made = pools.save_pool(None, pools.PoolOrder(kind=PoolKind.DYNAMIC, nodes=nodes, **order), by=admin())
    return str(made.pk)


def change(wish: Wish) -> None:
    pool = pool_of(wish)
    asked = {name: value for name, value in wish.items() if name not in {"asks", "pool"}}
    kept: dict[str, Any] = {name: getattr(pool, name) for name in KEPT}
    order = pools.PoolOrder(**{**kept, "kind": PoolKind(pool.kind), "nodes": tuple(pool.nodes.all()), **asked})
    pools.save_pool(pool, order, by=admin())


KEPT = (
    *("name", "notes", "folder", "most_vms", "most_memory", "most_vcpus", "memory", "vcpus", "network"),
    *("minimum", "pre_started", "idle_minutes", "longest_minutes", "warn_minutes"),
)


def switch(wish: Wish) -> bool:
    return pools.switch_pool(pool_of(wish), on=wish["on"], by=admin())


def look(wish: Wish) -> dict[str, float]:
    """What one look of its keeper takes when there is nothing to do: queries, and seconds of the processor."""
    with CaptureQueriesContext(connection) as queries:
        began = process_time()
        assert keep(pool_of(wish).pk) == []
        seconds = process_time() - began
    return {"queries": len(queries) - 1, "seconds": seconds}


# --- golden images ------------------------------------------------------------------------------------


def make_image(wish: Wish) -> str:
    """template: its name."""
    template = Vm.objects.select_related("node").prefetch_related("disks", "interfaces").get(name=wish["template"])
    order = GoldenOrder(pool_of(wish), wish["name"], prepared=wish["prepared"], activate=wish["activate"])
    return str(request_golden_image(template, order, by=admin()).vm_id)


def seal(wish: Wish) -> None:
    image = machine_of(wish)
    request_action(image, seal_order(image), by=admin())


def activate_image(wish: Wish) -> None:
    activate(machine_of(wish), by=admin())


def release(wish: Wish) -> bool:
    """The pool has no golden image then."""
    return take_out_of_use(machine_of(wish), by=admin())


# --- machines and people ------------------------------------------------------------------------------


def act(wish: Wish) -> None:
    """arguments: as the pages send them."""
    request_action(machine_of(wish), Order(Action(wish["action"]), wish.get("arguments", {})), by=admin())


def add_people(wish: Wish) -> list[str]:
    """Who may use the pool's machines, logged in: their sessions. names: those that are there already are kept."""
    people = [_person(name) for name in wish["names"]]
    for person in people:
        Grant.objects.get_or_create(pool_id=wish["pool"], person=person, defaults={"right": Right.USE})
    return [_session_of(person) for person in people]


def _person(name: str) -> Person:
    found = Person.objects.filter(username=name).first()
    return found or Person.objects.create_user(name)


def _session_of(person: Person) -> str:
    browser = Client()
    browser.force_login(person)
    return browser.cookies["panel"].value


def minutes_pass(wish: Wish) -> None:
    """For a machine that somebody has."""
    ago = timedelta(minutes=wish["minutes"])
    moments = ("assigned_at", "used_at", "warned_at")
    Vm.objects.filter(pk=wish["vm"]).update(**{moment: F(moment) - ago for moment in moments})


serve(
    (add, change, switch, look, make_image, seal, activate_image, release, act, add_people, minutes_pass),
)
