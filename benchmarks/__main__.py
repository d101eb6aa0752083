"""`python -m benchmarks`: measure everything, print a table, keep the figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.pages import measure_pages
from benchmarks.reactions import measure_reactions

RESULTS = Path(__file__).parent / "results.json"
MEASUREMENTS: tuple[Callable[[], list[Figure]], ...] = (measure_pages, measure_reactions)


def main() -> int:
    figures = [figure for measure in MEASUREMENTS for figure in measure()]
    widest = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name:<{widest}}  {figure.value:>10.2f} {figure.unit}")
    RESULTS.write_text(json.dumps({figure.name: [figure.value, figure.unit] for figure in figures}, indent=1) + "\n")
    print(f"kept in {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
