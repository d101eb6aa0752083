"""`python -m benchmarks`: measure everything, print a table, keep the figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.backing_up import measure_backing_up
from benchmarks.figures import Figure
from benchmarks.first_load import measure_first_load
from benchmarks.moving import measure_moving
from benchmarks.pages import measure_pages
from benchmarks.people import measure_people
from benchmarks.pools import measure_pools
from benchmarks.preflights import measure_preflights
from benchmarks.reactions import measure_reactions
from benchmarks.streaming import measure_streaming
from benchmarks.streams import measure_streams
from benchmarks.watcher import measure_watcher

RESULTS = Path(__file__).parent / "results.json"
MEASUREMENTS: tuple[Callable[[], list[Figure]], ...] = (
    measure_pages,
    measure_people,
    measure_first_load,
    measure_reactions,
    measure_streams,
    measure_watcher,
    measure_streaming,
    measure_preflights,
    measure_moving,
    measure_backing_up,
    measure_pools,
)


def main() -> int:
    figures = [figure for measure in MEASUREMENTS for figure in measure()]
    print("\n".join(_table(figures)))
    RESULTS.write_text(json.dumps({figure.name: _kept(figure) for figure in figures}, indent=1) + "\n")
    print(f"kept in {RESULTS}")
    return 0


def _table(figures: list[Figure]) -> list[str]:
    widest = max(len(figure.name) for figure in figures)
    head = f"{'':<{widest}}  {'measured':>10}  {'limit':>8}"
    return [head, *(f"{figure.name:<{widest}}  {_numbers(figure)}" for figure in figures)]


def _numbers(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{figure.limit:g}"
    return f"{figure.value:>10.2f}  {limit:>8} {figure.unit:<5}  {figure.verdict}".rstrip()


def _kept(figure: Figure) -> dict[str, float | str | None]:
    return {"measured": round(figure.value, 2), "limit": figure.limit, "unit": figure.unit}


if __name__ == "__main__":
    sys.exit(main())
