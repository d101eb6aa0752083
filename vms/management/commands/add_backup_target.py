from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.management.at_the_machine import AtTheMachine
from vms.operations.targets import FolderTaken, NoSuchFolder, TargetNameTaken, TargetOrder, add_target


class Command(BaseCommand):
    help = "Let backups go into a folder that a storage pool of some node has, as the page Targets does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("folder")
        parser.add_argument("--limit", type=int, default=0, help="MiB per second of each disk, 0 for none")

    def handle(self, *_args: Any, **options: Any) -> None:
        order = TargetOrder(options["name"], options["folder"], options["limit"] * 1024 * 1024)
        try:
            add_target(order, by=AtTheMachine("add_backup_target"))
        except TargetNameTaken as refused:
            raise CommandError(f"Another target is called {order.name}.") from refused
        except FolderTaken as refused:
            raise CommandError(f"Another target has the folder {order.folder}.") from refused
        except NoSuchFolder as refused:
            raise CommandError(f"No node has a storage pool of the folder {order.folder}.") from refused
