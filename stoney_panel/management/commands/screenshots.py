"""Pictures of every page for translators, for the documentation, and for whoever changes the look."""

from __future__ import annotations

import os
import shutil
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright
from playwright.sync_api import Page as Tab

from stoney_panel.preferences import THEME_COOKIE
from stoney_panel.words.pages import Answer, Page, pages

Theme = Literal["light", "dark"]

THEMES: tuple[Theme, ...] = ("light", "dark")
HEIGHTS = {360: 780, 1440: 900}
TALLEST = 2400
HTTP_OK = 200
# What is to be seen after a click: where to click, and what then appears. And on which pages that is worth a picture.
CLICKS = {
    "open": ("a[aria-expanded]", "a[aria-expanded=true]"),
    "dialog": (".acts > a:not([data-page])", "dialog[open]"),
    "edit": (".acts > a.i-pencil", "form[data-edit]"),
    "migrate": (".acts > a.i-migrate", ".move"),
    "node": ("tbody th a", ".crumbs"),
    "pool": ("tbody th a", ".crumbs"),
}
OPENED = {"vms-list": ("open", "dialog")}
LOGIN = Page("login", reverse("login"))
DOCUMENTATION = settings.BASE_DIR / "docs" / "pictures"


@dataclass(frozen=True, slots=True)
class Look:
    """How the pages are looked at in one round."""

    language: str
    theme: Theme
    width: int


@dataclass(frozen=True, slots=True)
class Panel:
    """The running panel. url: without a slash at the end. state: the cookies of somebody who is logged in."""

    url: str
    browser: Browser
    folder: Path
    state: Any

    def file(self, name: str, look: Look) -> Path:
        return self.folder / look.language / f"{name}-{look.theme}-{look.width}.png"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the documentation. click: one of CLICKS, "" for none."""

    file: str
    path: str
    look: Look
    click: str = ""


ENGLISH, DARK, NARROW = Look("en", "light", 1440), Look("en", "dark", 1440), Look("en", "light", 360)
VMS = reverse("vms:list")
IN_DOCUMENTATION = (
    Shown("list-light", VMS, ENGLISH),
    Shown("list-dark", VMS, DARK),
    Shown("list-narrow", VMS, NARROW),
    Shown("list-german", VMS, Look("de", "light", 1440)),
    Shown("details", f"{VMS}?sort=-name", ENGLISH, click="open"),
    Shown("question", f"{VMS}?sort=-name", DARK, click="dialog"),
    Shown("many-at-once", f"{reverse('bulk:ask')}?action=shutdown&all=1&page=vms", ENGLISH),
    Shown("edit", f"{VMS}?sort=-name", ENGLISH, click="edit"),
    Shown("migrate", f"{VMS}?sort=-name", ENGLISH, click="migrate"),
    Shown("pool", f"{reverse('vms:pools')}?q=Desktops", ENGLISH, click="pool"),
    Shown("nodes", reverse("nodes:list"), ENGLISH),
    Shown("node", reverse("nodes:list"), DARK, click="node"),
    Shown("states", reverse("states"), ENGLISH),
)


class Command(BaseCommand):
    requires_system_checks = []  # it talks to a running panel and needs no database of its own
    help = (
        "Make a picture of every page of a running panel, per language, theme and width. "
        "The password is PANEL_PASSWORD or DEMO_PASSWORD, else that of the demo in PANEL_DATA."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the panel answers")
        parser.add_argument("--user", default="admin")
        parser.add_argument("--languages", default=",".join(code for code, _ in settings.LANGUAGES))
        parser.add_argument("--themes", default=",".join(THEMES))
        parser.add_argument("--widths", default=",".join(map(str, HEIGHTS)), help="in CSS pixels")
        parser.add_argument("--to", type=Path, default=settings.DATA / "screenshots", help="a folder")
        parser.add_argument(
            "--documentation", action="store_true", help=f"just the few that {DOCUMENTATION} shows, into that folder"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["documentation"]:
            options["to"] = DOCUMENTATION
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
            try:
                panel = _logged_in(browser, options)
                made = list(_documentation(panel) if options["documentation"] else _everything(panel, options))
            except Error as error:
                raise CommandError(f"{options['url']}: {error.message}") from error
            finally:
                browser.close()
        _make_smaller(made)
        size = sum(path.stat().st_size for path in made) // 1024
        self.stdout.write(f"{len(made)} pictures in {options['to']}, {size} KiB")


def _looks(options: dict[str, Any]) -> list[Look]:
    languages = _chosen(options["languages"], dict(settings.LANGUAGES))
    themes = [theme for theme in THEMES if theme in _chosen(options["themes"], THEMES)]
    widths = [int(width) for width in options["widths"].split(",")]
    return [Look(*look) for look in product(languages, themes, widths)]


def _chosen(text: str, known: Any) -> list[str]:
    chosen = [word.strip() for word in text.split(",")]
    for word in chosen:
        if word not in known:
            raise CommandError(f"{word} is none of {', '.join(known)}.")
    return chosen


def _chromium() -> str | None:
    """The system's, or None for the one that came with Playwright."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _logged_in(browser: Browser, options: dict[str, Any]) -> Panel:
    url = options["url"].rstrip("/")
    context = browser.new_context(locale="en")
    tab = context.new_page()
    tab.goto(f"{url}{LOGIN.path}")
    tab.locator("input[name=username]").fill(options["user"])
    tab.locator("input[name=password]").fill(_password())
    tab.locator("input[name=password]").press("Enter")
    tab.wait_for_load_state()
    if tab.locator("input[name=password]").count():
        raise CommandError(f"{options['user']} cannot log in at {url}.")
    panel = Panel(url, browser, options["to"], context.storage_state())
    context.close()
    return panel


def _password() -> str:
    given = os.environ.get("PANEL_PASSWORD") or os.environ.get("DEMO_PASSWORD")
    kept = settings.DATA / "demo-password"
    if given is None and not kept.exists():
        raise CommandError("Set PANEL_PASSWORD.")
    return given or kept.read_text(encoding="utf-8").strip()


def _documentation(panel: Panel) -> Iterator[Path]:
    for shown in IN_DOCUMENTATION:
        context = _context(panel, shown.look, state=panel.state)
        tab = _looking_at(panel, context.new_page(), shown.path)
        if shown.click:
            _click(tab, shown.click)
        yield _shot(tab, panel.folder / f"{shown.file}.png", whole=False)
        context.close()


def _everything(panel: Panel, options: dict[str, Any]) -> Iterator[Path]:
    looks = _looks(options)
    context = panel.browser.new_context(storage_state=panel.state)
    found = pages(lambda path: _get(panel.url, context, path))
    context.close()
    for look in looks:
        yield from _pictures(panel, look, found)


def _pictures(panel: Panel, look: Look, found: list[Page]) -> Iterator[Path]:
    stranger = _context(panel, look, state=None)
    yield _picture(panel, look, stranger.new_page(), LOGIN)
    stranger.close()
    context = _context(panel, look, state=panel.state)
    tab = context.new_page()
    for page in found:
        yield _picture(panel, look, tab, page)
        yield from _opened(panel, look, tab, page)
    context.close()


def _context(panel: Panel, look: Look, *, state: Any) -> BrowserContext:
    context = panel.browser.new_context(
        viewport={"width": look.width, "height": HEIGHTS.get(look.width, 900)},
        color_scheme=look.theme,
        reduced_motion="reduce",
        locale=look.language,
        storage_state=state,
    )
    wanted = {settings.LANGUAGE_COOKIE_NAME: look.language, THEME_COOKIE: look.theme}
    context.add_cookies([{"name": name, "value": value, "url": panel.url} for name, value in wanted.items()])
    return context


def _get(url: str, context: BrowserContext, path: str) -> Answer:
    answer = context.request.get(f"{url}{path}")
    is_page = answer.status == HTTP_OK and answer.text()[:100].lstrip().lower().startswith("<!doctype html")
    return Answer(answer.url.removeprefix(url), answer.text() if is_page else "")


def _picture(panel: Panel, look: Look, tab: Tab, page: Page) -> Path:
    return _shot(_looking_at(panel, tab, page.path), panel.file(page.name, look))


def _looking_at(panel: Panel, tab: Tab, path: str) -> Tab:
    tab.goto(f"{panel.url}{path}")
    tab.evaluate("document.fonts.ready")
    return tab


def _opened(panel: Panel, look: Look, tab: Tab, page: Page) -> Iterator[Path]:
    """What a page shows after a click: the details of a row, a question before something dangerous."""
    for name in OPENED.get(page.name, ()):
        if tab.locator(CLICKS[name][0]).count():
            _click(tab, name)
            yield _shot(tab, panel.file(f"{page.name}-{name}", look), whole=name != "dialog")


def _click(tab: Tab, name: str) -> None:
    link, part = CLICKS[name]
    tab.locator(link).first.click()
    tab.locator(part).first.wait_for()


def _shot(tab: Tab, path: Path, *, whole: bool = True) -> Path:
    """whole: as far down as the page goes, yet no taller than anybody would scroll."""
    path.parent.mkdir(parents=True, exist_ok=True)
    view = tab.viewport_size or {"width": 1440, "height": 900}
    height = tab.evaluate("document.documentElement.scrollHeight") if whole else view["height"]
    clip = {"x": 0.0, "y": 0.0, "width": float(view["width"]), "height": float(min(height, TALLEST))}
    tab.screenshot(path=path, full_page=whole, clip=clip, animations="disabled")  # type: ignore[arg-type]  # a TypedDict
    return path


def _make_smaller(pictures: list[Path]) -> None:
    """To a third, by a palette of 256 colours, where pngquant is installed."""
    if pngquant := shutil.which("pngquant"):
        subprocess.run([pngquant, "--force", "--ext", ".png", "--skip-if-larger", "--", *pictures], check=False)
