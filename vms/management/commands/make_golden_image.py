from argparse import ArgumentParser
from threading import Event
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.management.at_the_machine import AtTheMachine
from vms.models import Vm, VmPool
from vms.operations.auditing import Refusal
from vms.operations.golden_images import GoldenOrder, NoPlaceForImage, request_golden_image
from vms.rules.kinds import Kind

PAUSE = Event()


class Command(BaseCommand):
    help = "Copy a template for a pool of dynamic VMs, which stand on the copy as soon as it is whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("template", help="its name or UUID")
        parser.add_argument("pool", help="its name")
        parser.add_argument("name", help="of the golden image")
        parser.add_argument("--patience", type=int, default=0, help="seconds until a node has told of its storage")

    def handle(self, *_args: Any, **options: Any) -> None:
        pool = VmPool.objects.all().dynamic().filter(name=options["pool"]).first()
        if pool is None:
            raise CommandError(f"No pool of dynamic VMs is called {options['pool']}.")
        order = GoldenOrder(pool, options["name"], prepared=False, activate=True)
        template, end = _template(options["template"]), monotonic() + options["patience"]
        while not _is_promised(template, order, is_last=monotonic() >= end):
            PAUSE.wait(1)


def _is_promised(template: Vm, order: GoldenOrder, *, is_last: bool) -> bool:
    """False if there is no place for it, which may come. CommandError, also for that on the last try."""
    try:
        request_golden_image(template, order, by=AtTheMachine("make_golden_image"))
    except Refusal as refused:
        if isinstance(refused, NoPlaceForImage) and not is_last:
            return False
        raise CommandError(f"{order.name} cannot be made now: {refused or refused.reason}") from refused
    return True


def _template(name: str) -> Vm:
    templates = Vm.objects.all().present().of_kind(Kind.TEMPLATE).prefetch_related("disks", "interfaces")
    found = [vm for vm in templates.select_related("node") if name in {vm.display_name, str(vm.pk)}]
    if len(found) != 1:
        raise CommandError(f"{'Several templates are' if found else 'No template is'} called {name}; try its UUID.")
    return found[0]
