"""Whole catalogues: every entry, and what they should have and have not."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings

from stoney_panel.words.catalogues import Catalogue
from stoney_panel.words.extracting import Key
from stoney_panel.words.faults import faults_of

SHOWN = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right, and where."""

    file: Path
    line: int
    entry: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.entry} {self.sentence}"


def faults_in(catalogue: Catalogue, code: dict[Key, str] | None) -> list[Fault]:
    """All faults in the order of the file; `code`: what the code says now, or None to leave that out.

    Raises BrokenCatalogue.
    """
    po = catalogue.read()
    unknown = [] if code is None else [*_unknown_to_code(po, code), *_unknown_to_catalogue(po, code)]
    found = [*_faults_of_entries(po), *_faults_of_gettext(catalogue.source), *unknown]
    file = _short(catalogue.source)
    return [Fault(file, line, entry, sentence) for line, entry, sentence in sorted(found)]


Found = tuple[int, str, str]


def _faults_of_entries(po: polib.POFile) -> Iterator[Found]:
    forms = _plural_forms(po)
    if forms == 0:
        yield 1, "The header", "does not say how many plural forms the language has (Plural-Forms)."
    for entry in po:
        for sentence in faults_of(entry, plural_forms=forms):
            yield entry.linenum, _named(Key.of(entry)), sentence


def _faults_of_gettext(source: Path) -> Iterator[Found]:
    """What gettext itself finds: an open quotation mark, an entry that is there twice. Not what it merely advises."""
    if not (msgfmt := shutil.which("msgfmt")):
        return
    command = [msgfmt, "--check", "--output-file", "-", str(source)]
    environment = {"LC_ALL": "C.UTF-8"}
    said = subprocess.run(command, capture_output=True, env=environment, check=False).stderr.decode(errors="replace")
    for line in said.splitlines():
        if found := re.match(rf"{re.escape(str(source))}:(\d+): (?!warning:)(.+)", line):
            yield int(found[1]), "gettext:", found[2]


def _plural_forms(po: polib.POFile) -> int:
    found = re.search(r"nplurals\s*=\s*(\d+)", po.metadata.get("Plural-Forms", ""))
    return int(found[1]) if found else 0


def _unknown_to_code(po: polib.POFile, code: dict[Key, str]) -> Iterator[Found]:
    for entry in po:
        if not entry.obsolete and Key.of(entry) not in code:
            yield entry.linenum, _named(Key.of(entry)), "is nowhere in the code: `make messages` would take it away."


def _unknown_to_catalogue(po: polib.POFile, code: dict[Key, str]) -> Iterator[Found]:
    known = {Key.of(entry) for entry in po if not entry.obsolete}
    for key, place in code.items():
        if key not in known:
            yield 1, _named(key), f"of {place} is missing here: `make messages` would add it."


def _named(key: Key) -> str:
    """Such as: "Start" (button)"""
    text = key.english.replace("\n", " ").strip()
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"“{text}” ({key.context})" if key.context else f"“{text}”"


def _short(path: Path) -> Path:
    return path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
