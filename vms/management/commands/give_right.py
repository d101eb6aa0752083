from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vms.management.at_the_machine import AtTheMachine
from vms.models import Vm, VmPool
from vms.models.viewer import Viewer
from vms.operations.giving import Owners, Thing, Wishes, change_rights
from vms.operations.people import Candidate, people
from vms.operations.promising import ActionRefused
from vms.rules.kinds import Kind
from vms.rules.rights import Right


class Command(BaseCommand):
    help = "Give a person or a group a right on virtual machines or pools, as the pages Users and Groups do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("to", help="user name, or name of a group")
        parser.add_argument("right", choices=[right.value for right in Right])
        parser.add_argument("things", nargs="+", help="names or UUIDs of virtual machines, or of pools")
        parser.add_argument("--group", action="store_true", help="it is a group")
        parser.add_argument("--pool", action="store_true", help="on all machines of virtual machine pools")

    def handle(self, *_args: Any, **options: Any) -> None:
        owners = Owners.GROUPS if options["group"] else Owners.PEOPLE
        find = _pool if options["pool"] else _machine
        things = [find(name) for name in options["things"]]
        wishes = Wishes(given={_owner(owners, options["to"]): Right(options["right"])})
        by: Viewer = AtTheMachine("give_right")
        for thing in things:
            try:
                change_rights(thing, owners, wishes, by=by)
            except ActionRefused as refused:
                raise CommandError(f"{thing}: {refused}") from refused


def _machine(name: str) -> Thing:
    of_name = Vm.objects.all().present().of_kind(Kind.VM)
    found = [vm for vm in of_name if name in {vm.display_name, str(vm.pk)}]
    if len(found) != 1:
        raise CommandError(f"{'Several machines are' if found else 'No machine is'} called {name}; try its UUID.")
    return found[0]


def _pool(name: str) -> Thing:
    for pool in VmPool.objects.all():
        if name in {pool.name, str(pool.pk)}:
            return pool
    raise CommandError(f"No pool is called {name}.")


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
