from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.management.at_the_machine import AtTheMachine
from vms.operations.pools import PoolNameTaken, PoolOrder, save_pool
from vms.rules.pools import PoolKind

GIB = 1024**3


class Command(BaseCommand):
    help = "Add a pool of virtual machines, as the page Pools does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--kind", choices=[kind.value for kind in PoolKind], default=PoolKind.PERSISTENT.value)
        parser.add_argument("--folder", default="", help="of storage pools, in which disks are put")
        parser.add_argument("--most-vms", type=int, default=0, help="0 for no limit")
        parser.add_argument("--most-memory", type=int, default=0, help="GiB, 0 for no limit")
        parser.add_argument("--most-vcpus", type=int, default=0, help="0 for no limit")
        parser.add_argument("--minimum", type=int, default=0, help="so many dynamic VMs there always are")
        parser.add_argument("--pre-started", type=int, default=0, help="so many of these wait for somebody")

    def handle(self, *_args: Any, **options: Any) -> None:
        numbers = {name: options[name] for name in ("most_vms", "most_vcpus", "minimum", "pre_started")}
        order = PoolOrder(
            options["name"],
            PoolKind(options["kind"]),
            folder=options["folder"],
            most_memory=options["most_memory"] * GIB,
            **numbers,
        )
        if order.kind is PoolKind.DYNAMIC and not order.most_vms:
            raise CommandError("Say how many VMs there may be at most: --most-vms.")
        try:
            save_pool(None, order, by=AtTheMachine("add_pool"))
        except PoolNameTaken as refused:
            raise CommandError(f"Another pool is called {order.name}.") from refused
