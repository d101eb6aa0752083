import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.models import Person
from directory.roles import Role


class Command(BaseCommand):
    help = "Make a local account, or set its password anew. The password is read from PERSON_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--administrator", action="store_true", help="may do everything")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = os.environ.get("PERSON_PASSWORD")
        if not password:
            raise CommandError("Set PERSON_PASSWORD to the password of the account.")
        person = Person.objects.filter(username__iexact=options["username"]).first()
        if person is None:
            Person.objects.create_user(options["username"], password, is_administrator=options["administrator"])
            return
        if not person.is_local:
            raise CommandError(f"{person.username} comes from the LDAP directory: the password is there.")
        if not person.check_password(password):
            person.set_password(password)
        if options["administrator"]:
            person.take_role(Role.ADMINISTRATOR)
        person.save()
