"""A machine that both nodes know, since one of them was away: the row is where it runs, and people say which counts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from demo.landscape import shared_folder
from demo.nodes import LocalNode
from tests.nodes import define, tiny_machine_xml
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Page, Visitor

pytestmark = pytest.mark.live

KEEPS_VARIABLES = (
    "<os><type arch='x86_64' machine='q35'>hvm</type>"
    "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram>{path}</nvram></os>"
)


@contextmanager
def away(stack: Stack, name: str) -> Iterator[None]:
    """No way leads from the panel to this node; all that is there goes on."""
    _lead(stack, name, "REPLACE(uri, 'libvirt-sock', 'nowhere')")
    try:
        yield
    finally:
        _lead(stack, name, "REPLACE(uri, 'nowhere', 'libvirt-sock')")


def _lead(stack: Stack, name: str, uri: str) -> None:
    with closing(sqlite3.connect(stack.database, timeout=20)) as database, database:
        database.execute(f"UPDATE vms_node SET uri = {uri} WHERE name = ?", [name])


@contextmanager
def also_on(node: LocalNode, machine: Machine, xml: str = "", *, runs: bool = False) -> Iterator[Machine]:
    """Defined there by hand."""
    with node.connected() as connection:
        domain = define(connection, xml or tiny_machine_xml(machine.name, machine.uuid))
        if runs:
            domain.create()
    twin = replace(machine, node=node)
    try:
        yield twin
    finally:
        twin.remove()


def page(anna: Visitor, machine: Machine) -> Page:
    return anna.get(f"/vms/{machine.uuid}/")


def sees_title(anna: Visitor, machine: Machine, title: str, *, seconds: float = 20) -> None:
    """Of the alert on its page; "" for none."""
    assert wait_until(
        lambda: page(anna, machine).words("alert__title") == ([title] if title else []), seconds=seconds
    ), page(anna, machine).words("alert__title")


def choose(anna: Visitor, machine: Machine, label: str) -> Page:
    """What the alert offers, and yes to the question."""
    (url,) = page(anna, machine).html.xpath(f"//a[normalize-space()='{label}']/@href")
    assert machine.name in anna.get(url).text
    return anna.post(url)


def test_it_was_started_elsewhere_while_its_node_was_away_and_runs_on_both(stack: Stack, anna: Visitor) -> None:
    with stack.machine("twin", begins="running") as here, ExitStack() as left:
        anna.sees(here, "Running")
        with away(stack, "alpha"):
            anna.sees(here, "Unknown", seconds=10)
            assert "Last known: running" in anna.note(here)
            assert anna.act(here, "power-off").status == 409
            there = left.enter_context(also_on(stack.beta, here, runs=True))
            anna.sees(here, "Running")
            sees_title(anna, here, "twin may be on two nodes: beta and alpha")
        sees_title(anna, here, "twin runs on two nodes at the same time: beta and alpha")
        assert here.is_on and there.is_on, "nothing is done by itself"

        choose(anna, here, "Power off on alpha")

        sees_title(anna, here, "Two nodes know twin: beta and alpha")
        assert here.is_off and there.is_on
        choose(anna, here, "Forget it on alpha")
        sees_title(anna, here, "")
        assert (here.state, there.is_on) == (-1, True)
        anna.sees(here, "Running")
        assert anna.act(here, "power-off").status == 202
        anna.sees(here, "Stopped")
        assert there.is_off


def test_it_is_off_on_both_and_a_person_says_which_one_to_keep(stack: Stack, anna: Visitor) -> None:
    variables = shared_folder(stack.data) / "pair.vars"
    xml = tiny_machine_xml("pair", UUID(int=0)).replace(str(UUID(int=0)), "UUID")
    xml = re.sub("<os>.*</os>", KEEPS_VARIABLES.format(path=variables), xml, flags=re.DOTALL)
    with stack.machine("pair", xml) as here:
        anna.sees(here, "Stopped")
        with also_on(stack.beta, here, xml.replace("UUID", str(here.uuid))) as there, kept_file(variables):
            sees_title(anna, here, "Two nodes know pair: alpha and beta")
            assert anna.act(here, "start").status == 409

            choose(anna, here, "Forget it on alpha")

            sees_title(anna, here, "")
            assert (here.state, there.is_off) == (-1, True)
            assert variables.read_text() == "variables", "the other definition uses them too"
            anna.sees(here, "Stopped")
            assert "Moved from node alpha to node beta" in page(anna, here).text


@contextmanager
def kept_file(path: Path) -> Iterator[None]:
    path.write_text("variables")
    path.chmod(0o666)
    try:
        yield
    finally:
        path.unlink()
