from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import StoredFile
from vms.models.viewer import Viewer
from vms.operations.storing import Brought, FileRefused, NameTaken, WrongChecksum, store
from vms.rules.images import FileKind
from vms.rules.names import fault_in_name
from vms.web.receiving import ReceivedFile

LONGEST_NAME = 100
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class ImageForm(forms.Form):
    """A file to be kept. What can be told of it without its bytes comes before it, and is in the form before it."""

    kind = forms.ChoiceField(
        label=pgettext_lazy("form field: of an uploaded file", "Kind"),
        choices=lambda: [(kind.value, words) for kind, words in labels.FILE_KIND.items()],
        initial=FileKind.ISO.value,
        help_text=_("The format of a disk image is never guessed: say what it is."),
    )
    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=LONGEST_NAME,
        required=False,
        strip=True,
        help_text=_("Left empty: the name of the file."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    checksum = forms.CharField(
        label=pgettext_lazy("form field", "SHA-256 checksum"),
        max_length=200,
        required=False,
        strip=True,
        help_text=_("If its maker tells one: the file is only kept if it is the same."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "path"}),
    )
    file = forms.FileField(label=pgettext_lazy("form field", "File"), allow_empty_file=True)

    def clean_checksum(self) -> str:
        """As sha256sum prints it, with or without the file's name behind it."""
        text: str = self.cleaned_data["checksum"]
        checksum = text.lower().partition(" ")[0]
        if checksum and not _SHA256.match(checksum):
            raise forms.ValidationError(_("This is no SHA-256 checksum: it has 64 digits from 0 to 9 and a to f."))
        return checksum

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        received = values.get("file")
        if received is not None and "name" in values:
            values["name"] = values["name"] or received.name[-LONGEST_NAME:]
            self._clean_name(values["name"])
        return values

    def _clean_name(self, name: str) -> None:
        fault = fault_in_name(name[: LONGEST_NAME // 2])
        if fault is not None:
            self.add_error("name", str(labels.NAME_FAULT[fault]))
        elif StoredFile.objects.filter(name__iexact=name).exists():
            self._say_name_is_taken()

    def _say_name_is_taken(self) -> None:
        self.add_error("name", _("There is a file with this name already."))

    def store(self, *, by: Viewer) -> StoredFile | None:
        """Only when it is valid. None if it was refused, and the form says why."""
        values = self.cleaned_data
        received: ReceivedFile = values["file"]
        brought = Brought(values["name"], FileKind(values["kind"]), values["checksum"])
        try:
            return store(received.incoming, brought, by=by)
        except FileRefused as refused:
            self.add_error("file", str(labels.IMAGE_FAULT[refused.fault]))
        except WrongChecksum as wrong:
            words = {"found": wrong.found, "expected": brought.checksum}
            self.add_error("checksum", str(labels.WRONG_CHECKSUM) % words)
        except NameTaken:
            self._say_name_is_taken()
        return None
