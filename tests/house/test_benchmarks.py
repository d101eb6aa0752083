"""What `make bench` keeps: figures with their limits beside them. How quick a machine is, is nobody's mistake here."""

from __future__ import annotations

import json

from benchmarks.__main__ import RESULTS
from benchmarks.figures import Figure

MEASURED_IN_TIME = {"ms", "s", "times", "cores"}


def kept() -> list[Figure]:
    figures = json.loads(RESULTS.read_text(encoding="utf-8"))
    return [Figure(name, each["measured"], each["unit"], each["limit"]) for name, each in figures.items()]


def test_what_does_not_depend_on_the_machine_is_within_its_limit():
    assert [f.name for f in kept() if f.unit not in MEASURED_IN_TIME and f.verdict == "too much"] == []


def test_a_figure_says_whether_it_is_within_its_limit():
    verdicts = [Figure("size", value, "kB", limit).verdict for value, limit in ((9, 10), (10, 10), (11, 10), (5, None))]
    assert verdicts == ["ok", "ok", "too much", ""]
