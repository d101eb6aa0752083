from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stoney_panel.words.catalogues import BrokenCatalogue, Catalogue, catalogues
from stoney_panel.words.checking import Fault, faults_in
from stoney_panel.words.extracting import ExtractionFailed, Key, words_of_the_code


class Command(BaseCommand):
    requires_system_checks = []  # a translator may have no database
    help = "Name every translation that is missing, doubtful, too long, or does not fit what the code says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", help="only this one, such as de")
        parser.add_argument("--without-code", action="store_true", help="do not compare with the code")

    def handle(self, *_args: Any, **options: Any) -> None:
        chosen = _chosen(options["language"])
        code = None if options["without_code"] else _code()
        faults = [fault for catalogue in chosen for fault in _faults(catalogue, code)]
        for fault in faults:
            self.stdout.write(str(fault))
        if faults:
            raise CommandError(f"{len(faults)} to put right.")
        self.stdout.write(f"Nothing to put right: {', '.join(catalogue.locale for catalogue in chosen)}")


def _chosen(language: str | None) -> list[Catalogue]:
    known = list(catalogues())
    chosen = [catalogue for catalogue in known if language in {None, catalogue.locale}]
    if not chosen:
        raise CommandError(f"There is no catalogue {language}; there are {', '.join(each.locale for each in known)}.")
    return chosen


def _code() -> dict[Key, str]:
    try:
        return words_of_the_code()
    except ExtractionFailed as failed:
        raise CommandError(f"{failed}\nThe package gettext is needed, or --without-code.") from failed


def _faults(catalogue: Catalogue, code: dict[Key, str] | None) -> list[Fault]:
    try:
        return faults_in(catalogue, code)
    except BrokenCatalogue as broken:
        raise CommandError(str(broken)) from broken
