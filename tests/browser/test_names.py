"""Names that other tools gave: shown as they are, never carried out, never in the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from demo.machines import Machine as Drawing
from demo.machines import PanelNote
from tests.browser.conftest import OpenPanel
from tests.stack import Stack
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

NAMES = {
    "script": "<script>window.pwned = 1</script><img src=x onerror=window.pwned=1>",
    "long": "x" * 300,
    "rtl": "שרת ראשי \u202e 01 خادم",
    "percent": "100 %(vm)s {{ vm }} {% now %} &amp; \"'",
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_is_only_a_name(stack: Stack, open_panel: OpenPanel, kind: str) -> None:
    name = NAMES[kind]
    with stack.machine(f"named-{kind}", Drawing(f"named-{kind}", note=PanelNote(name)).xml()) as machine:
        Visitor(stack).sees(machine, "Stopped")
        shown = name[:255]
        for width in (360, 1440):
            panel = open_panel(f"/vms/?q=named-{kind}", width=width)
            expect(panel.row(machine).locator("th a")).to_have_text(shown)
            assert panel.overflow() <= 0
            panel.button(machine, "Delete").click()
            expect(panel.dialog.locator("#ask-title")).to_contain_text(shown)
            assert panel.axe() == []
            panel.page.keyboard.press("Escape")
            panel.go(f"/vms/{machine.uuid}/")
            expect(panel.page.locator("h1")).to_have_text(shown)
            assert shown[:40] in panel.page.title()
            assert panel.overflow() <= 0
            assert panel.page.evaluate("() => window.pwned") is None
        panel.page.locator("#vm-actions").get_by_role("button", name="Start", exact=True).click()
        expect(panel.page.locator("#vm-page .status__text").first).to_have_text("Running")
        panel.go("/operations/")
        expect(panel.page.locator("#operations tbody").first).to_contain_text(shown)
        assert panel.overflow() <= 0
