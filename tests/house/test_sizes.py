"""The size of the rooms: what no longer fits on a screen or two wants a wall."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.project import CODE, files_ending_in, functions_of, name_of, python_files

LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION, LONGEST_TEMPLATE = 300, 350, 30, 120

MAY_BE_LONGER = {
    "vms/labels/__init__.py": "the translators' room: one list, read from top to bottom",
}


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def lines_of_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From its name to its end, without its docstring: a promise may be long."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    promised = 0 if docstring is None else (docstring.end_lineno or 0) - docstring.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - promised


def test_no_file_is_longer_than_it_may_be():
    long = {name_of(path) for path in python_files(*CODE) if lines_of(path) > LONGEST_FILE}
    assert long <= set(MAY_BE_LONGER)


def test_a_list_of_sentences_may_be_a_little_longer():
    assert [name_of(path) for path in python_files("tests") if lines_of(path) > LONGEST_TEST] == []


def test_every_exception_is_still_needed():
    long = {name_of(path) for path in python_files(*CODE) if lines_of(path) > LONGEST_FILE}
    assert set(MAY_BE_LONGER) <= long


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_no_function_is_longer_than_it_may_be(folder: str):
    functions = ((path, function) for path in python_files(folder) for function in functions_of(path))
    long = [f"{name_of(path)} {f.name}" for path, f in functions if lines_of_function(f) > LONGEST_FUNCTION]
    assert long == []


def test_no_template_is_longer_than_it_may_be():
    long = [
        name_of(path) for path in files_ending_in(".html", below=("templates",)) if lines_of(path) > LONGEST_TEMPLATE
    ]
    assert long == []
