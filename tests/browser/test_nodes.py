"""A node is added by its address, step by step; what is wrong with an address is said. One in maintenance is spared."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from demo.examples import EXAMPLES
from demo.nodes import LocalNode
from tests.browser.conftest import OpenPanel
from tests.browser.panel import Panel
from tests.nodes import node_directory
from tests.stack import Stack
from tests.visitor import Visitor

__all__ = ["node_directory"]

pytestmark = pytest.mark.browser

TEMPLATE = next(example for example in EXAMPLES if example.name == "alpine-tiny")
"""Both nodes see its disk."""


@pytest.fixture
def gamma(node_directory: Path) -> Iterator[LocalNode]:
    node = LocalNode("gamma", node_directory / "gamma")
    try:
        node.start()
        yield node
    finally:
        node.remove()


@pytest.fixture
def _no_maintenance_is_left(stack: Stack) -> Iterator[None]:
    yield
    Visitor(stack).post(f"{path_of_node(stack, 'beta')}duty/active/")


def path_of_node(stack: Stack, name: str) -> str:
    (link,) = Visitor(stack).get("/nodes/").html.xpath(f"//table[@id='nodes']//th/a[text()='{name}']")
    return str(link.get("href"))


def try_address(panel: Panel, name: str, uri: str) -> None:
    panel.page.get_by_role("link", name="Add a node").click()
    panel.page.locator("[name=name]").fill(name)
    panel.page.locator("[name=uri]").fill(uri)
    panel.page.get_by_role("button", name="Test connection").click()


def test_a_node_is_added_and_removed(open_panel: OpenPanel, gamma: LocalNode) -> None:
    panel = open_panel("/nodes/")
    try_address(panel, "gamma", gamma.uri)
    expect(panel.page.locator(".steps .step--done")).to_have_count(4, timeout=20_000)
    assert panel.axe() == []
    panel.page.get_by_role("button", name="Add this node").click()
    row = panel.page.locator("#nodes tbody", has_text="gamma")
    expect(row.locator(".status__text")).to_have_text("Reachable", timeout=10_000)

    row.get_by_role("link", name="gamma").click()
    onlooker = open_panel(panel.page.url.removeprefix(panel.stack.url))
    panel.page.get_by_role("link", name="Remove from the panel").click()
    expect(panel.dialog).to_be_visible()
    panel.confirm()
    expect(panel.page).to_have_url(f"{panel.stack.url}/nodes/")
    expect(panel.page.locator("#nodes")).not_to_contain_text("gamma")
    expect(onlooker.page.locator("h1")).to_have_text("This node was removed", timeout=10_000)
    expect(onlooker.page.locator("main")).to_contain_text(f"{onlooker.stack.user} removed node gamma")
    assert onlooker.axe() == []


def test_an_address_where_nobody_listens(open_panel: OpenPanel) -> None:
    panel = open_panel("/nodes/")
    try_address(panel, "nowhere", "qemu+unix:///session?socket=/nowhere/at/all")
    expect(panel.page.locator(".steps .step--failed")).to_have_count(1, timeout=20_000)
    expect(panel.page.get_by_role("alert")).to_contain_text("cannot be reached")
    assert panel.axe() == []


def test_an_address_that_accepts_and_never_answers(open_panel: OpenPanel, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        panel = open_panel("/nodes/")
        try_address(panel, "silent", f"qemu+unix:///session?socket={tmp_path / 's'}")
        expect(panel.page.get_by_role("alert")).to_contain_text("does not answer", timeout=30_000)
        expect(panel.page.get_by_role("button", name="Add it all the same")).to_be_visible()


@pytest.mark.parametrize("uri", ["hello", "ftp://example.org/", "qemu:// with blanks/", "<script>alert(1)</script>"])
def test_a_malformed_address(open_panel: OpenPanel, complaints: list[str], uri: str) -> None:
    panel = open_panel("/nodes/")
    try_address(panel, "wrong", uri)
    expect(panel.page.locator(".field__error")).to_be_visible()
    expect(panel.page.locator("[name=uri]")).to_have_attribute("aria-invalid", "true")
    assert panel.axe() == []
    complaints[:] = [text for text in complaints if "422" not in text]


def test_a_node_that_is_known_already(stack: Stack, open_panel: OpenPanel, complaints: list[str]) -> None:
    panel = open_panel("/nodes/")
    try_address(panel, "alpha-again", stack.alpha.uri)
    expect(panel.page.locator(".field__error")).to_contain_text("already")
    complaints[:] = [text for text in complaints if "422" not in text]

    panel.go("/nodes/")
    try_address(panel, "alpha-again", f"{stack.alpha.uri}&keepalive_interval=5")
    expect(panel.page.get_by_role("alert")).to_contain_text("alpha", timeout=20_000)


@pytest.mark.usefixtures("_no_maintenance_is_left")
def test_a_maintenance_begins_and_ends_and_others_see_it(stack: Stack, open_panel: OpenPanel) -> None:
    panel, onlooker = open_panel(path_of_node(stack, "beta")), open_panel("/nodes/")
    state, seen = panel.page.locator("#node-state .badge"), onlooker.page.locator("#nodes tbody", has_text="beta")
    panel.page.get_by_role("link", name="Begin maintenance").click()
    expect(panel.dialog).to_contain_text("Put node beta into maintenance?")
    assert panel.axe() == []
    panel.confirm()
    expect(state).to_have_text("maintenance")
    expect(panel.page.locator("#node-page")).to_contain_text("In maintenance since")
    expect(panel.toasts).to_contain_text("Node beta is in maintenance.")
    assert panel.axe() == []
    expect(seen.locator(".badge")).to_have_text("maintenance", timeout=20_000)
    assert onlooker.axe() == []
    panel.page.get_by_role("link", name="End maintenance").click()
    panel.confirm()
    expect(state).to_have_count(0)
    expect(seen.locator(".badge")).to_have_count(0, timeout=20_000)


@pytest.mark.usefixtures("_no_maintenance_is_left")
def test_no_new_vm_is_made_on_a_node_in_maintenance(stack: Stack, open_panel: OpenPanel) -> None:
    path, visitor = path_of_node(stack, "beta"), Visitor(stack)
    visitor.post(f"{path}duty/maintenance/")
    panel = open_panel(f"/templates/?q={TEMPLATE.name}")
    main, make = panel.page.locator("main"), panel.page.get_by_role("button", name="Make 1 VM")
    panel.button(TEMPLATE.uuid, "Make a persistent VM").click()
    expect(main).to_contain_text("Node beta is in maintenance: nothing new is made there.")
    main.locator("form [name=name]").fill("not-there")
    main.locator("form [name=node]").select_option("beta")
    panel.page.get_by_role("button", name="See what will happen").click()
    expect(main.get_by_role("alert")).to_contain_text("Node beta is in maintenance: nothing new is made there.")
    expect(make).to_have_count(0)

    visitor.post(f"{path}duty/active/")
    panel.page.get_by_role("button", name="Back to the form").click()
    panel.page.get_by_role("button", name="See what will happen").click()
    expect(make).to_be_visible()
    expect(main).not_to_contain_text("maintenance")
