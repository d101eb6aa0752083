"""The panel as somebody sees it in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Locator, Page, expect

from tests.stack import Machine, Stack

AXE = Path(__file__).parent / "axe.min.js"
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
ALL_HAS_FADED_IN = """() => Promise.all(document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
    .map((animation) => animation.finished.catch(() => null))).then(() => null)"""
"""Half-transparent text has less contrast."""
OVERFLOWS = "() => document.documentElement.scrollWidth - innerWidth"


def log_in(page: Page, stack: Stack, *, password: str = "") -> None:
    page.goto(f"{stack.url}/login/")
    page.locator("[name=username]").fill(stack.user)
    page.locator("[name=password]").fill(password or stack.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()


@dataclass(frozen=True)
class Panel:
    """One tab."""

    stack: Stack
    page: Page

    def go(self, path: str) -> None:
        answer = self.page.goto(self.stack.url + path)
        assert answer is not None

    def row(self, machine: Machine | UUID) -> Locator:
        uuid = machine.uuid if isinstance(machine, Machine) else machine
        return self.page.locator(f"#vm-{uuid}")

    def button(self, machine: Machine | UUID, label: str) -> Locator:
        """One of its row, or of what belongs to the row when it is opened."""
        return self.row(machine).locator(".acts > *").filter(has_text=re.compile(f"^{re.escape(label)}$"))

    def sees(self, machine: Machine, status: str, *, within: float = 10) -> None:
        expect(self.row(machine).locator(".status__text")).to_have_text(status, timeout=within * 1000)

    @property
    def search(self) -> Locator:
        """The list's own."""
        return self.page.locator("#q")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("#dialog")

    def confirm(self) -> None:
        self.dialog.locator("form button[type=submit]").click()

    @property
    def toasts(self) -> Locator:
        return self.page.locator("#toasts")

    def axe(self) -> list[str]:
        """What is wrong for people who cannot see, or not well."""
        self.page.emulate_media(reduced_motion="reduce")  # what arrives meanwhile
        self.page.evaluate(ALL_HAS_FADED_IN)
        self.page.evaluate(AXE.read_text())
        found: list[str] = self.page.evaluate(RUN_AXE)
        return found

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate(OVERFLOWS))
