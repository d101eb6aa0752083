"""The sentences that code and templates have at this moment: what `make messages` would find."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import polib
from django.conf import settings

NOT_READ = frozenset({"tests", "benchmarks", "var", "static", "docs", "deploy", "locale"})
READ = frozenset({".py", ".html"})


class Key(NamedTuple):
    """What makes an entry the one it is."""

    context: str | None
    english: str
    plural: str

    @classmethod
    def of(cls, entry: polib.POEntry) -> Key:
        return cls(entry.msgctxt, entry.msgid, entry.msgid_plural)


class ExtractionFailed(Exception):
    """gettext's programs are not there, or could not read the code. Its text says which."""


def words_of_the_code() -> dict[Key, str]:
    """Every entry with the place where it stands, such as "vms/labels.py:12". Takes about two seconds.

    Django's own extraction writes beside what it reads, so it is given a copy. Raises ExtractionFailed.
    """
    with tempfile.TemporaryDirectory(prefix="panel-words-") as name:
        folder = Path(name)
        _copy_code(folder)
        return {Key.of(entry): _place_of(entry) for entry in _extracted(folder)}


def _extracted(folder: Path) -> polib.POFile:
    target = folder / "locale" / "xx" / "LC_MESSAGES"
    target.mkdir(parents=True)
    # Without the panel's settings: they would point Django to the panel's own catalogues.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "xx", "--no-wrap"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ExtractionFailed(done.stderr.strip())
    found: polib.POFile = polib.pofile(str(target / "django.po"))
    return found


def _copy_code(target: Path) -> None:
    for folder in settings.BASE_DIR.iterdir():
        if folder.is_dir() and folder.name not in NOT_READ and not folder.name.startswith("."):
            shutil.copytree(folder, target / folder.name, ignore=_not_to_read)


def _not_to_read(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(name).suffix not in READ and not (Path(folder) / name).is_dir()]


def _place_of(entry: polib.POEntry) -> str:
    return ":".join(entry.occurrences[0]) if entry.occurrences else "the code"
