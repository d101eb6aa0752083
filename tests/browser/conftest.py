from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.panel import Panel, log_in
from tests.stack import Stack, stack

__all__ = ["stack"]

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")

OpenPanel = Callable[..., Panel]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert program, "Chromium is not installed: deploy/install-packages.sh test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def logged_in(stack: Stack, chromium: Browser) -> Any:
    """The cookies of somebody who has logged in."""
    context = chromium.new_context(locale="en")
    page = context.new_page()
    log_in(page, stack)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(autouse=True)
def _no_machine_of_an_earlier_test_is_listed(stack: Stack) -> None:
    stack.forget_the_gone()


@pytest.fixture
def complaints() -> list[str]:
    """What browsers complained about. A test that provokes a complaint takes it out."""
    return []


@pytest.fixture
def open_panel(stack: Stack, chromium: Browser, logged_in: Any, complaints: list[str]) -> Iterator[OpenPanel]:
    """Opens a browser of its own, logged in, at a page. At the end no browser may have complained about anything."""
    contexts: list[BrowserContext] = []

    def open_one(path: str = "/vms/", *, anonymous: bool = False, **options: Any) -> Panel:
        cookies = {} if anonymous else {"storage_state": logged_in}
        viewport: Any = {"width": options.pop("width", 1440), "height": 900}
        context = chromium.new_context(base_url=stack.url, viewport=viewport, **{"locale": "en", **cookies, **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        panel = Panel(stack, context.new_page())
        _listen(panel, complaints)
        panel.go(path)
        return panel

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _listen(panel: Panel, complaints: list[str]) -> None:
    """Errors and warnings of the console (a violated Content-Security-Policy is one), and strange hosts."""

    def on_console(message: Any) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}".rstrip())

    def on_request(request: Any) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(panel.stack.url).netloc:
            complaints.append(f"asked {request.url}")

    panel.page.context.on("console", on_console)
    panel.page.context.on("request", on_request)
    panel.page.context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
