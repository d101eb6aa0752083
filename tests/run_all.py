"""`python -m tests.run_all`: what `make check` leaves out. PostgreSQL, real nodes, real faults, a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from demo.settings import ROOT
from tests.postgres import postgres

COUNT = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")


@dataclass(frozen=True)
class Part:
    """One run of pytest. short: the name before each of its lines."""

    short: str
    name: str
    words: tuple[str, ...]


@dataclass
class Result:
    code: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        return self.counts.get("passed", 0)

    @property
    def failed(self) -> int:
        return sum(self.counts.get(word, 0) for word in ("failed", "error", "errors"))

    @property
    def good(self) -> bool:
        """A part in which no test ran has shown nothing."""
        return self.code == 0 and self.passed > 0 and not self.failed


WITHOUT_DATABASE = ("tests/rules", "tests/hypervisor")
ON_POSTGRES = Part(
    "postgres",
    "unit tests on PostgreSQL",
    ("-n", "auto", "-m", "not live and not browser", *(f"--ignore={folder}" for folder in WITHOUT_DATABASE)),
)
LIVE = ("-m", "live")
FAULTS = Part("faults", "the whole panel, and what goes wrong with it", (*LIVE, "tests/faults"))
PEOPLE = Part("people", "a real directory of people", (*LIVE, "tests/directory"))
NODES = Part("nodes", "real nodes", (*LIVE, "--ignore=tests/faults", "--ignore=tests/directory"))
BROWSER = Part("browser", "Chromium", ("-m", "browser"))
LANES = 2
"""So many parts at once: they mostly wait, for nodes or for a browser."""


def main() -> int:
    """The exit code. The last line counts all tests of all parts."""
    with ThreadPoolExecutor(LANES) as lanes:  # the long ones first, so that both lanes end together
        begun = [lanes.submit(run, part, {}) for part in (FAULTS, BROWSER, NODES, PEOPLE)]
        begun.append(lanes.submit(run_on_postgres))
        results = [each.result() for each in begun]
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    good = all(result.good for result in results)
    say(f"{passed} passed, {failed if good else max(failed, 1)} failed")
    return 0 if good else 1


def run_on_postgres() -> Result:
    with postgres() as url:
        return run(ON_POSTGRES, {"DATABASE_URL": url})


def run(part: Part, environment: Mapping[str, str]) -> Result:
    say(f"=== {part.name} ===")
    began = time.monotonic()
    pytest = [sys.executable, "-m", "pytest", "-q", "--color=no", "--durations=5", *part.words]
    process = subprocess.Popen(pytest, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    last = ""
    for line in process.stdout or ():
        say(f"{part.short:<9}| {line.rstrip()}")
        last = line if COUNT.search(line) else last
    result = Result(process.wait(), {word: int(number) for number, word in COUNT.findall(last)})
    say(f"=== {part.name}: {'good' if result.good else 'NOT GOOD'}, {time.monotonic() - began:.0f} s ===")
    return result


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
