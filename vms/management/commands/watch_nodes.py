import signal
from typing import Any

from django.core.management.base import BaseCommand

from vms.watcher.watching import Watcher


class Command(BaseCommand):
    help = "Follow every node: write down what happens to its machines, and tell the browsers."

    def handle(self, *_args: Any, **_options: Any) -> None:
        watcher = Watcher()
        for end in (signal.SIGTERM, signal.SIGINT):
            signal.signal(end, lambda *_: watcher.stop())
        watcher.run()
