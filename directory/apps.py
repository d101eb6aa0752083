from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DirectoryConfig(AppConfig):
    name = "directory"
    verbose_name = _("People")

    def ready(self) -> None:
        import_module("directory.telling")  # only now: it knows models
