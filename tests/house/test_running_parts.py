"""`make test` ends, whatever its tests do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run_all import Part, run

HANGS = """
import threading

import pytest


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    yield
    print("taken down")


def test_one(built):
    pass


def test_other(built):
    print("begins to hang")
    threading.Event().wait()
"""
BY_ITSELF = ("-p", "no:django", "-p", "no:cacheprovider", "-p", "no:randomly", "-c", "/dev/null", "-s")


@pytest.mark.broad
def test_a_part_that_hangs_is_ended_and_says_what_it_said_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGS)
    result = run(Part("short", "a part", (*BY_ITSELF, str(tmp_path)), longest=15), {})
    assert (result.good, result.ended) == (False, True)
    said = capsys.readouterr().out
    assert "short    | .begins to hang" in said
    assert "a part: ENDED after 15 s" in said
    assert "short    > " in said
    assert "taken down" in said
    assert "a part: NOT GOOD" in said


@pytest.mark.broad
def test_a_part_names_the_tests_that_failed(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text("def test_one():\n    assert 1 == 2, 'these differ'\n")
    result = run(Part("short", "a part", (*BY_ITSELF, str(tmp_path))), {})
    [complaint] = result.complaints
    assert complaint.startswith("FAILED ")
    assert complaint.endswith("test_failing.py::test_one - AssertionError: these differ")
