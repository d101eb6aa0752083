"""What a browser fetches that has never seen the panel: little, compressed, and nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from directory.models import Person
from tests.conftest import AddVm
from tests.web.conftest import browser_of

MOST_BYTES = 300_000
MOST_BYTES_OF_A_PAGE = 20_000
FILES = re.compile(r'(?:href|src)="([^"#]+\.(?:css|js|svg|woff2|png|ico)[^"#]*)')
FILES_OF_STYLES = re.compile(r"url\(['\"]?([^'\"#)]+)")


@pytest.fixture
def browser(administrator: Person, add_vm: AddVm) -> Client:
    for number in range(60):
        add_vm(f"web{number:03}")
    return browser_of(administrator)


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    """The files as the server sends them: under the names of their contents, and compressed."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "stoney_panel.static_files.PanelStaticFiles"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_a_page_is_compressed_for_who_takes_it(browser: Client) -> None:
    plain = browser.get("/vms/")
    answer = browser.get("/vms/", headers={"accept-encoding": "gzip, deflate, br"})
    assert "Content-Encoding" not in plain
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) <= MOST_BYTES_OF_A_PAGE
    assert len(gzip.decompress(answer.content)) > 2 * MOST_BYTES_OF_A_PAGE


@pytest.mark.broad
def test_the_first_list_and_all_that_belongs_to_it_are_small(browser: Client, collected: Path) -> None:
    page = browser.get("/vms/", headers={"accept-encoding": "gzip"})
    files = files_of(gzip.decompress(page.content).decode(), collected)
    assert len(files) > 10
    assert len(page.content) + sum(map(weight, files)) <= MOST_BYTES


def files_of(page: str, collected: Path) -> set[Path]:
    """Those that the page names, and those that its styles name. Fails if one is another server's."""
    named = {here(address, collected) for address in FILES.findall(page)}
    styles = [path for path in named if path.suffix == ".css"]
    return named | {
        (path.parent / address).resolve()
        for path in styles
        for address in FILES_OF_STYLES.findall(path.read_text())
        if not address.startswith("data:")
    }


def here(address: str, collected: Path) -> Path:
    parts = urlsplit(address)
    assert parts.netloc == "" and parts.path.startswith("/static/")
    return collected / parts.path.removeprefix("/static/")


def weight(path: Path) -> int:
    """As it is sent to who takes gzip."""
    compressed = path.with_name(f"{path.name}.gz")
    return (compressed if compressed.exists() else path).stat().st_size
