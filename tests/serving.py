"""A clerk's side, see tests.clerks: a wish as JSON on each line of standard input, an answer on each line of standard
output. To be imported after Django's setup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vms.operations.auditing import Refusal

Wish = Mapping[str, Any]


def serve(ways: Iterable[Callable[[Wish], Any]]) -> None:
    """Until nobody asks any more. ways: called by their names; what they return is the answer, or why not."""
    by_name = {way.__name__: way for way in ways}
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            answer = {"made": by_name[wish["asks"]](wish)}
        except Refusal as refused:
            answer = {"refused": f"{type(refused).__name__}: {refused}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
