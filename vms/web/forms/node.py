from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from vms import labels
from vms.models import Node
from vms.rules.names import LONGEST_NAME, fault_in_node_name


class NodeForm(forms.Form):
    """A node to add: checked here for what can be told without asking it."""

    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, strip=True, help_text=_("What people call it, for example alpha.")
    )
    uri = forms.CharField(
        label=_("libvirt address"),
        max_length=255,
        strip=True,
        help_text=_("For example qemu+ssh://panel@alpha.example.org/system or qemu:///system."),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        fault = fault_in_node_name(name)
        if fault is not None:
            raise forms.ValidationError(str(labels.NAME_FAULT[fault]))
        if Node.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("There is a node with this name already."))
        return name

    def clean_uri(self) -> str:
        uri: str = self.cleaned_data["uri"]
        if not _looks_like_an_address(uri):
            raise forms.ValidationError(
                _("This is no libvirt address. It begins with qemu:/// or qemu+ssh://, and has no blanks.")
            )
        if Node.objects.filter(uri=uri).exists():
            raise forms.ValidationError(_("The panel looks after a node with this address already."))
        return uri


TRANSPORTS = frozenset({"", "unix", "ssh", "libssh", "libssh2", "tls", "tcp"})
RUNS_A_PROGRAM = frozenset({"command", "netcat"})
"""Parameters that would start a program of the address's choice on the panel's own machine, as +ext would."""


def _looks_like_an_address(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    driver, _, transport = parts.scheme.partition("+")
    visible = uri.isprintable() and " " not in uri and "://" in uri
    return visible and driver == "qemu" and transport in TRANSPORTS and not _runs_a_program(parts.query)


def _runs_a_program(query: str) -> bool:
    return not RUNS_A_PROGRAM.isdisjoint(name.lower() for name, _ in parse_qsl(query, keep_blank_values=True))
