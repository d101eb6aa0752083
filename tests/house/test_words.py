"""The catalogues are complete at every landing: a sentence in the wrong language is a fault like any other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
LOCALE = Path(settings.BASE_DIR) / "locale"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def catalogue(language):
    return polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))


def translations(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_untranslated_or_fuzzy(language):
    po = catalogue(language)
    assert [entry.msgid for entry in po.untranslated_entries()] == []
    assert [entry.msgid for entry in po.fuzzy_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language):
    for entry in catalogue(language):
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for text in translations(entry):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_gettext_finds_no_fault(language, tmp_path):
    po = LOCALE / language / "LC_MESSAGES" / "django.po"
    checked = subprocess.run(
        ["msgfmt", "--check", "-o", str(tmp_path / "out.mo"), str(po)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_catalogues_know_every_word_of_the_code(tmp_path):
    """What `make messages` would find is in every catalogue already."""
    found = extracted(tmp_path)
    for language in LANGUAGES:
        known = {(entry.msgctxt, entry.msgid) for entry in catalogue(language)}
        assert sorted(map(str, found - known)) == [], language
        assert sorted(map(str, known - found)) == [], language


def extracted(tmp_path):
    """Every (context, sentence) of code and templates, by Django's own extraction on a copy of the tree."""
    for folder in ("vms", "directory", "stoney_panel", "templates"):
        copy_tree(Path(settings.BASE_DIR) / folder, tmp_path / folder)
    (tmp_path / "locale" / "xx" / "LC_MESSAGES").mkdir(parents=True)
    command = [sys.executable, "-m", "django", "makemessages", "-l", "xx", "--no-wrap"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    po = polib.pofile(str(tmp_path / "locale" / "xx" / "LC_MESSAGES" / "django.po"))
    return {(entry.msgctxt, entry.msgid) for entry in po}


def copy_tree(source, target):
    for path in source.rglob("*"):
        if path.suffix in {".py", ".html"}:
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())
