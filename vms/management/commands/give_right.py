from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.management.at_the_machine import AtTheMachine
from vms.models import Vm
from vms.models.viewer import Viewer
from vms.operations.giving import Owners, Wishes, change_rights
from vms.operations.people import Candidate, people
from vms.operations.promising import ActionRefused
from vms.rules.kinds import Kind
from vms.rules.rights import Right


class Command(BaseCommand):
    help = "Give a person or a group a right on virtual machines, as the pages Users and Groups do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("to", help="user name, or name of a group")
        parser.add_argument("right", choices=[right.value for right in Right])
        parser.add_argument("machines", nargs="+", help="names or UUIDs of virtual machines")
        parser.add_argument("--group", action="store_true", help="it is a group")

    def handle(self, *_args: Any, **options: Any) -> None:
        owners = Owners.GROUPS if options["group"] else Owners.PEOPLE
        machines = [_machine(name) for name in options["machines"]]
        wishes = Wishes(given={_owner(owners, options["to"]): Right(options["right"])})
        by: Viewer = AtTheMachine("give_right")
        for vm in machines:
            try:
                change_rights(vm, owners, wishes, by=by)
            except ActionRefused as refused:
                raise CommandError(f"{vm.display_name}: {refused}") from refused


def _machine(name: str) -> Vm:
    of_name = Vm.objects.all().present().of_kind(Kind.VM)
    found = [vm for vm in of_name if name in {vm.display_name, str(vm.pk)}]
    if len(found) != 1:
        raise CommandError(f"{'Several machines are' if found else 'No machine is'} called {name}; try its UUID.")
    return found[0]


def _owner(owners: Owners, name: str) -> int:
    find = people().find_groups if owners is Owners.GROUPS else people().find_people
    make = people().group_of if owners is Owners.GROUPS else people().person_of
    found = find(name)
    if found.trouble:
        raise CommandError(found.trouble)
    try:
        return int(make(_called(name, found.candidates).key).pk)
    except LookupError as error:
        raise CommandError(str(error)) from error


def _called(name: str, candidates: Sequence[Candidate]) -> Candidate:
    for candidate in candidates:
        if candidate.name == name:
            return candidate
    raise CommandError(f"There is nobody called {name}.")
