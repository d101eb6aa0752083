"""`make test` ends, whatever its tests do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run_all import Part, run, try_again

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
FAILS_AT_FIRST = """
from pathlib import Path

THERE = Path(__file__).with_name("seen")


def test_steady():
    pass


def test_shaky():
    seen = THERE.exists()
    THERE.touch()
    assert seen and not {again}
"""
WITH_MEMORY = ("-p", "no:django", "-p", "no:randomly", "-c", "/dev/null", "-s")
BY_ITSELF = (*WITH_MEMORY, "-p", "no:cacheprovider")


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


@pytest.mark.broad
@pytest.mark.parametrize("gets_well", [True, False])
def test_what_fails_beside_others_is_tried_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, gets_well: bool
) -> None:
    (tmp_path / "test_failing.py").write_text(FAILS_AT_FIRST.format(again=not gets_well))
    part = Part("short", "a part", (*WITH_MEMORY, str(tmp_path)))
    first = run(part, {})
    assert (first.good, first.passed, first.failed) == (False, 1, 1)
    last = try_again(part, first)
    assert (last.good, last.passed, last.failed) == ((True, 2, 0) if gets_well else (False, 1, 1))
    said = capsys.readouterr().out
    assert "FAILED " in said
    assert ("passed alone" in said) is gets_well
    assert ("alone, too: FAILED" in said) is not gets_well
