"""Nothing half-done is left lying about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.project import CODE, ROOT, files_ending_in, name_of, python_files

TEXTS = [
    *files_ending_in(
        ".py", ".html", ".js", ".css", ".md", ".toml", below=(*CODE, "tests", "templates", "static", "docs")
    ),
    *(path for path in ROOT.iterdir() if path.suffix in {".md", ".toml", ".txt"} or path.name == "Makefile"),
]
ITSELF = Path(__file__).resolve()

UNFINISHED = re.compile(r"(?<![.\w])(TODO|FIXME|XXX|HACK|WIP)\b(?!\s*=)")
NOT_RUN = re.compile(r"mark\.(skip|xfail)\b|skipif\((?!.*reason=)|pytest\.(skip|xfail|importorskip)\(|unittest\.skip")
FORGOTTEN = re.compile(r"\b(breakpoint\(\)|pdb\.set_trace|console\.log\()")
SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore)(.*)$")
WITH_REASON = re.compile(r"^[^#]*(--?|#)\s*\w+")


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{name_of(path)}:{number}"
        for path in paths
        if path != ITSELF
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_marked_as_unfinished():
    assert lines_with(UNFINISHED, TEXTS) == []


def test_no_test_is_left_out():
    assert lines_with(NOT_RUN, python_files("tests")) == []


def test_no_help_for_looking_for_bugs_is_left():
    assert lines_with(FORGOTTEN, TEXTS) == []


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_every_silenced_check_says_why(folder: str):
    silenced = [
        (f"{name_of(path)}:{number}", found.group(2))
        for path in python_files(folder)
        if path != ITSELF
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := SILENCED.search(line))
    ]
    assert [place for place, rest in silenced if not WITH_REASON.match(rest)] == []
