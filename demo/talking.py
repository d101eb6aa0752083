"""What the demo says to the person at the terminal."""

from __future__ import annotations

import sys
import threading

_one_line_at_a_time = threading.Lock()


def say(text: str, *, by: str = "demo") -> None:
    """Write `text` at once, every line of it under the name of who says it."""
    lines = "".join(f"{by:<9}| {line}\n" for line in text.splitlines() or [""])
    show(lines)


def show(text: str) -> None:
    """Write `text` as it is. A terminal that was closed does not stop the demo."""
    with _one_line_at_a_time:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (BrokenPipeError, OSError):
            return
