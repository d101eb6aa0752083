import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from directory.checking import check
from directory.presenters.checking import StepView, check_view


class Command(BaseCommand):
    help = "Try the way into the panel for one person, step by step. PERSON_PASSWORD, if set, is tried as well."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="the name to log in with")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.DIRECTORY is None:
            raise CommandError("No directory is set up: PANEL_LDAP_URI is empty. docs/running.md says how.")
        password = os.environ.get("PERSON_PASSWORD", "")
        view = check_view(check(settings.DIRECTORY, options["person"], password), password)
        for step in view.steps:
            self.stdout.write(_line(step))
        if view.problem:
            raise CommandError("\n".join(filter(None, [view.problem, view.evidence])))


def _line(step: StepView) -> str:
    return f"{step.state_label:<8}{step.label}{': ' if step.note else ''}{step.note}"
