"""`python -m demo up | down | reset`.

Chosen by environment: PANEL_PORT, PANEL_BIND, PANEL_DATA, DEMO_PASSWORD, DEMO_POOLS, REDIS_URL.
"""

from __future__ import annotations

import argparse
import os
import sys

from demo.lock import only_one
from demo.problems import DemoProblem
from demo.resetting import down, reset
from demo.settings import Settings
from demo.supervisor import Supervisor


def main(words: list[str]) -> int:
    """The exit code."""
    asked = _parser().parse_args(words)
    try:
        settings = Settings.from_environment(os.environ)
        settings.prepare()
        _do(asked, settings)
    except DemoProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _do(asked: argparse.Namespace, settings: Settings) -> None:
    if asked.what == "up":
        with only_one(settings.data):
            Supervisor(settings, only_nodes=asked.only == "nodes").run()
    elif asked.what == "down":
        down(settings)
    else:
        reset(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Two real nodes and the panel on this machine.")
    commands = parser.add_subparsers(dest="what", required=True)
    up = commands.add_parser("up", help="start everything, and keep it running until Ctrl-C")
    up.add_argument("--only", choices=["nodes"], help="the nodes with their guests, without the panel")
    commands.add_parser("down", help="end a running demo, or what a killed one has left")
    commands.add_parser("reset", help="remove everything that the demo made")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
