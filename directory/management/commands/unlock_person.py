from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from directory.locking import open_for


class Command(BaseCommand):
    help = "Let somebody try to log in again at once, also when every administrator is locked out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name_or_address", help="a user name, or an address from which nobody gets in")

    def handle(self, *_args: Any, **options: Any) -> None:
        tries = open_for(options["name_or_address"])
        print(f"{options['name_or_address']}: {tries} attempts are forgotten.")
