"""What a browser fetches that has never seen the panel: the list of 5,000 machines with all that belongs to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext

from benchmarks.chromium import chromium
from benchmarks.figures import Figure
from benchmarks.small_panel import python, served, small_panel
from demo.settings import Settings
from tests.browser.panel import log_in
from tests.stack import Stack

FILL = "import django; django.setup(); from benchmarks.pages import fill; fill()"
MILLISECONDS_UNTIL_ALL_IS_THERE = 2_000
"""Long enough; there is no end to wait for, because the event stream stays open."""


def measure_first_load() -> list[Figure]:
    with small_panel() as settings:
        with python(settings, "-c", FILL) as filling:
            if filling.wait():
                raise RuntimeError("the machines could not be made")
        with served(settings), chromium() as browser:
            return _measure(browser, settings)


def _measure(browser: Browser, settings: Settings) -> list[Figure]:
    with browser.new_context(storage_state=_cookies(browser, settings)) as with_empty_cache:
        fetched = _fetched(with_empty_cache, f"{settings.url}/vms/")
    others = {urlsplit(url).netloc for url, _bytes in fetched} - {urlsplit(settings.url).netloc}
    return [
        Figure(
            "first load: all that is fetched, compressed",
            sum(number for _url, number in fetched) / 1000,
            "kB",
            limit=300,
        ),
        Figure("first load: other hosts that are asked", len(others), "", limit=0),
    ]


def _cookies(browser: Browser, settings: Settings) -> Any:
    with browser.new_context(locale="en") as context:
        log_in(context.new_page(), Stack(settings.data, settings.port))
        return context.storage_state()


def _fetched(context: BrowserContext, url: str) -> list[tuple[str, float]]:
    """The address of each answer, and how many bytes of it were on the wire, its head included."""
    page = context.new_page()
    network = context.new_cdp_session(page)
    asked: dict[str, str] = {}
    arrived: dict[str, float] = {}
    network.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    network.on(
        "Network.loadingFinished", lambda event: arrived.update({event["requestId"]: event["encodedDataLength"]})
    )
    network.send("Network.enable")
    page.goto(url)
    page.wait_for_timeout(MILLISECONDS_UNTIL_ALL_IS_THERE)
    return [(url, arrived.get(request, 0)) for request, url in asked.items() if not url.startswith("data:")]
