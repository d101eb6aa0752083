from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv6Address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from vms import labels
from vms.models import Node
from vms.rules.names import LONGEST_NAME, fault_in_node_name

NO_ADDRESS = _("This is no libvirt address. It begins with qemu:/// or qemu+ssh://, and has no blanks.")


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
            raise forms.ValidationError(NO_ADDRESS)
        if Node.objects.filter(uri=uri).exists():
            raise forms.ValidationError(_("The panel looks after a node with this address already."))
        return uri


class AddressesForm(forms.Form):
    """How other nodes reach one, for machines that move to it."""

    peer_uri = forms.CharField(
        label=_("libvirt address for other nodes"),
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    peer_address = forms.CharField(
        label=_("Address for migrations"),
        max_length=255,
        required=False,
        help_text=_(
            "A host name or an IP address of this node in the network that memory and disks are to go through, without "
            "a port: 10.0.0.7 or [fd00::7]. Empty: the name that the node has for itself."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, node: Node, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"peer_uri": node.peer_uri, "peer_address": node.peer_address})
        self.fields["peer_uri"].help_text = _("Empty: the same as the panel's own, %(uri)s.") % {"uri": node.uri}

    def clean_peer_uri(self) -> str:
        uri: str = self.cleaned_data["peer_uri"]
        if uri and not _looks_like_an_address(uri):
            raise forms.ValidationError(NO_ADDRESS)
        return uri

    def clean_peer_address(self) -> str:
        address: str = self.cleaned_data["peer_address"]
        if address and not _looks_like_a_host(address):
            raise forms.ValidationError(
                _("This is no host name or IP address. It has no port, and an IPv6 address stands in brackets.")
            )
        return address


TRANSPORTS = frozenset({"", "unix", "ssh", "libssh", "libssh2", "tls", "tcp"})
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
"""The name of a host, or an IPv4 address."""
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


def _looks_like_a_host(address: str) -> bool:
    if not (address.startswith("[") and address.endswith("]")):
        return HOST.fullmatch(address) is not None
    try:
        IPv6Address(address[1:-1])
    except AddressValueError:
        return False
    return True


def _runs_a_program(query: str) -> bool:
    return not RUNS_A_PROGRAM.isdisjoint(name.lower() for name, _ in parse_qsl(query, keep_blank_values=True))
