"""`python -m tests.run_all`: what `make check` leaves out. PostgreSQL, real nodes, real faults, a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from demo.settings import ROOT
from tests.postgres import postgres

COUNT = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")
COMPLAINT = re.compile(r"(FAILED|ERROR) \S+\.py\b")
LONGEST_SECONDS = 40 * 60
TAKES_DOWN_WITHIN_SECONDS = 90
LAST_LINES = 30
WIDE_ENOUGH_FOR_A_REASON = "240"
INTERRUPTED = 130


@dataclass(frozen=True)
class Part:
    """One run of pytest. short: the name before each of its lines; longest: it is ended after so many seconds."""

    short: str
    name: str
    words: tuple[str, ...]
    longest: float = LONGEST_SECONDS

    @property
    def again(self) -> Part:
        """Only what failed in it."""
        return replace(self, name=f"{self.name}: once more, alone", words=(*self.words, "--lf", "--lfnf=none"))


@dataclass
class Result:
    """Of one part. ended: it took longer than it may; complaints: a line for each test that failed."""

    code: int
    counts: dict[str, int] = field(default_factory=dict)
    ended: bool = False
    complaints: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return self.counts.get("passed", 0)

    @property
    def failed(self) -> int:
        return sum(self.counts.get(word, 0) for word in ("failed", "error", "errors"))

    @property
    def good(self) -> bool:
        """A part in which no test ran has shown nothing."""
        return self.code == 0 and self.passed > 0 and not (self.failed or self.ended)


ON_POSTGRES = Part(
    "postgres",
    "unit tests on PostgreSQL, and those that the quick gate leaves out",
    ("-n", "auto", "-m", "(database or broad) and not live and not browser"),
)
# A test that hangs is ended by a signal, so that what it has started can be taken down, and the others go on.
REAL = ("--timeout=600", "--timeout-method=signal")
LIVE = ("-m", "live", *REAL)
FAULTS = Part("faults", "the whole panel, and what goes wrong with it", (*LIVE, "tests/faults"))
BACKUPS = Part("backups", "backups of the whole panel, and what goes wrong with them", (*LIVE, "tests/backups"))
POOLS = Part("pools", "pools of the whole panel, and what goes wrong with them", (*LIVE, "tests/pools"))
PEOPLE = Part("people", "a real directory of people", (*LIVE, "tests/directory"))
ELSEWHERE = [f"--ignore=tests/{folder}" for folder in ("faults", "backups", "pools", "directory")]
NODES = Part("nodes", "real nodes", (*LIVE, *ELSEWHERE))
BROWSER = Part("browser", "Chromium", ("-m", "browser", *REAL))
PARTS = (FAULTS, BROWSER, NODES, BACKUPS, POOLS, ON_POSTGRES, PEOPLE)
"""The long ones first, so that all lanes end together."""
LANES = 4
"""So many parts at once: they mostly wait, for nodes or for a browser."""
FEW = 8
"""If so many tests of a part fail or fewer, their neighbours may be to blame."""


def main() -> int:
    """The exit code. The last lines name what failed, and count all tests of all parts."""
    with ThreadPoolExecutor(LANES) as lanes:
        begun = [lanes.submit(run_part, part) for part in PARTS]
        try:
            results = [each.result() for each in begun]
        except KeyboardInterrupt:
            os._exit(INTERRUPTED)  # the lanes would wait for their parts, which end with this process
    results = [try_again(part, result) for part, result in zip(PARTS, results, strict=True)]
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    good = all(result.good for result in results)
    say(f"{passed} passed, {failed if good else max(failed, 1)} failed")
    return 0 if good else 1


def try_again(part: Part, first: Result) -> Result:
    """A few tests that failed beside the other parts are tried once more, alone. Whatever comes of it is said."""
    for complaint in first.complaints:
        say(complaint)
    if first.good or first.ended or not 0 < first.failed <= FEW:
        return first
    second = run_part(part.again)
    for complaint in second.complaints:
        say(f"alone, too: {complaint}")
    if not second.good:
        return first
    say(f"=== {part.name}: {first.failed} failed beside the other parts, and passed alone ===")
    return Result(0, {"passed": first.passed + second.passed})


def run_part(part: Part) -> Result:
    if part.short != ON_POSTGRES.short:
        return run(part, {})
    with postgres() as url:
        return run(part, {"DATABASE_URL": url})


def run(part: Part, environment: Mapping[str, str]) -> Result:
    say(f"=== {part.name} ===")
    began = time.monotonic()
    with Running(part, environment) as running:
        result = running.result()
    say(f"=== {part.name}: {'good' if result.good else 'NOT GOOD'}, {time.monotonic() - began:.0f} s ===")
    return result


class Running:
    """A part that runs, in a group of processes of its own. When this script dies, so does it."""

    def __init__(self, part: Part, environment: Mapping[str, str]) -> None:
        self._part = part
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._counted = ""
        self._complaints: list[str] = []
        # Whoever runs this in the background may have it ignore the signal by which a part is ended.
        words = ["env", "--default-signal=INT", "setpriv", "--pdeathsig", "INT", "--"]
        words += [sys.executable, "-m", "pytest", "-q", "--color=no"]
        self._process = subprocess.Popen(
            [*words, "--durations=5", "-o", f"cache_dir=.pytest_cache/{part.short}", *part.words],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": WIDE_ENOUGH_FOR_A_REASON, **environment},
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._ears = threading.Thread(target=self._hear, daemon=True)

    def __enter__(self) -> Self:
        self._ears.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def result(self) -> Result:
        """Waits for it. A part that lasts longer than it may is ended, and says what it said last."""
        try:
            code, late = self._process.wait(self._part.longest), False
        except subprocess.TimeoutExpired:
            say(f"=== {self._part.name}: ENDED after {self._part.longest:.0f} s; the last that it said: ===")
            code, late = self._end(), True
        self._ears.join(10)  # a process that it has left behind may hold its output open
        if late:
            say("\n".join(f"{self._part.short:<9}> {line}" for line in self._lines))
        counts = {word: int(number) for number, word in COUNT.findall(self._counted)}
        return Result(code, counts, late, self._complaints)

    def _hear(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line.rstrip())
            say(f"{self._part.short:<9}| {line.rstrip()}")
            self._counted = line if COUNT.search(line) else self._counted
            if COMPLAINT.match(line):
                self._complaints.append(line.rstrip())

    def _end(self) -> int:
        """Gently first: pytest then takes down what its tests have built."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(TAKES_DOWN_WITHIN_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
