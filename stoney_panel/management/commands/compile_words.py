from typing import Any

from django.core.management.base import BaseCommand

from stoney_panel.words import compile_changed


class Command(BaseCommand):
    help = "Compile the catalogues of all languages whose .po file has changed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for catalogue in compile_changed():
            self.stdout.write(f"{catalogue.parts[-3]}: compiled")
