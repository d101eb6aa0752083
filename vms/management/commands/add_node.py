from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.models import Node
from vms.rules.names import fault_in_node_name


class Command(BaseCommand):
    help = "Look after a node from now on, or take over its new address if the panel knows it by this name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("uri", help="libvirt address, for example qemu+ssh://panel@alpha.example.org/system")
        parser.add_argument("--log-directory", default="", help="where the panel can read the node's QEMU logs")

    def handle(self, *_args: Any, **options: Any) -> None:
        fault = fault_in_node_name(options["name"])
        if fault is not None:
            raise CommandError(f"{options['name']!r} is no name for a node: {fault}.")
        values = {"uri": options["uri"], "log_directory": options["log_directory"]}
        Node.objects.update_or_create(name=options["name"], defaults=values)
