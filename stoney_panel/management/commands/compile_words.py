from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stoney_panel.words.catalogues import BrokenCatalogue, catalogues, compile_changed


class Command(BaseCommand):
    requires_system_checks = []  # a translator may have no database
    help = "Compile the catalogues of all languages whose .po file has changed. The panel does so itself at its start."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            compile_changed()
        except BrokenCatalogue as broken:
            raise CommandError(str(broken)) from broken
        languages = ", ".join(catalogue.locale for catalogue in catalogues())
        self.stdout.write(f"The words are up to date: {languages}")
