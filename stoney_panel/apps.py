from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from stoney_panel.words.starting import start


class PanelConfig(AppConfig):
    name = "stoney_panel"
    verbose_name = _("Stoney Panel")

    def ready(self) -> None:
        start()
        for module in ("connecting", "auditing"):
            import_module(f"stoney_panel.{module}")  # only now: they know models
