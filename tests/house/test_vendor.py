"""What we ship from other projects is exactly what the manifest says, and on its terms."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
OURS = {"vendor/manifest.json", "vendor/build.py"}


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_unchanged_and_has_its_licence(entry):
    assert hashlib.sha256((STATIC / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["name"] and entry["version"] and entry["licence"]
    assert (STATIC / entry["licence_file"]).stat().st_size > 200


def test_nothing_lies_in_vendor_that_the_manifest_does_not_list():
    listed = {entry["file"] for entry in MANIFEST} | {entry["licence_file"] for entry in MANIFEST} | OURS
    present = {
        str(path.relative_to(STATIC))
        for path in VENDOR.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert present <= listed


def test_every_icon_a_template_names_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    named = set(re.findall(r'components/icon\.html" with name="([\w-]+)"', pages))
    assert named
    assert named <= drawn


def test_every_patternfly_token_the_sheets_use_is_shipped():
    shipped = set(re.findall(r"(--pf-t--[\w-]+):", (VENDOR / "patternfly" / "tokens.css").read_text()))
    sheets = "".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    assert set(re.findall(r"var\((--pf-t--[\w-]+)", sheets)) <= shipped
