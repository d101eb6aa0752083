"""Asks for machines to be moved as the page does, in a process of its own that belongs to the running panel: a wish as
JSON from standard input, see tests.faults.moves."""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from directory.models import Person  # noqa: E402 -- models may only be loaded after the setup
from vms.models import Node, Vm  # noqa: E402 -- likewise
from vms.operations.migrating import MigrationOrder, request_migration  # noqa: E402 -- likewise
from vms.operations.reaching import a_turn_at  # noqa: E402 -- likewise
from vms.operations.surveying import judge_now  # noqa: E402 -- likewise


def ask(wish: dict[str, Any]) -> None:
    """All are looked at before the first of them goes."""
    machines = [Vm.objects.select_related("node").get(pk=uuid) for uuid in wish["vms"]]
    for vm, asked in [(vm, order(vm, wish)) for vm in machines]:
        request_migration(vm, asked, by=Person.objects.get(username="admin"))


def order(vm: Vm, wish: dict[str, Any]) -> MigrationOrder:
    """By the way that the nodes allow."""
    to = Node.objects.get(name=wish["to"])
    with a_turn_at(vm.node):
        found = judge_now(vm, to)
    assert found.is_possible, found
    limit, converges = wish.get("limit", 0), wish.get("converges", False)
    return MigrationOrder(to, found.way, found.copies, wish["folder"], limit, converges)


ask(json.load(sys.stdin))
