"""Several commands of manage.py in one process, because each start of Django takes a second.

Run by `demo.panel`, with the panel's environment: `python -m demo.preparing '[["migrate", "--verbosity", "0"], ...]'`
"""

from __future__ import annotations

import json
import sys

import django
from django.core.management import CommandError, call_command


def main(commands: list[list[str]]) -> None:
    """Run them one after the other; the first that fails ends the process with its reason."""
    django.setup()
    for name, *words in commands:
        try:
            call_command(name, *words)
        except CommandError as error:
            sys.exit(f"manage.py {name}: {error}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
