"""The fields in which an image at a node is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms.rules.images import DISK_FORMATS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def path_field(what_becomes_of_it: StrPromise) -> forms.CharField:
    return forms.CharField(
        label=pgettext_lazy("form field", "Path of the image"),
        max_length=1000,
        help_text=what_becomes_of_it,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "path"}),
    )


def format_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=pgettext_lazy("form field", "Format of the image"),
        choices=[("", "–"), *((each.value, each.value) for each in DISK_FORMATS)],
        help_text=_("It is never guessed: a guest could have written what it likes at the beginning of its disk."),
    )
