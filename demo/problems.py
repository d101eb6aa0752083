"""Why the demo cannot go on, in words for the person at the terminal."""

from __future__ import annotations


class DemoProblem(Exception):
    """Its text is shown as it is, without a traceback."""
