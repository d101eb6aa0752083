"""Passwords and keys do not leave the node; everything else of a definition stays as it is."""

from __future__ import annotations

import pytest

from tests.hypervisor.editings import CORPUS, canonical
from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import hardware_of, parse, without_secrets

HIDDEN = {
    "encrypted-memory": ("AAAA", "BBBB"),
    "everything-at-once": ("geheim",),
    "spice-desktop": ("geheim",),
    "vnc-with-password": ("geheim",),
}
PASSWORD = "<graphics type='vnc' port='-1' passwd='geheim'><listen type='none'/></graphics>"
COOKIES = "<disk type='network' device='cdrom'><source protocol='https' name='a.iso' query='ticket=geheim'>"
COOKIES += "<host name='h' port='443'/><cookies><cookie name='who'>geheim</cookie></cookies></source>"
COOKIES += "<target dev='sda' bus='sata'/></disk>"


@pytest.mark.parametrize("name", CORPUS)
def test_a_machine_without_secrets_is_the_same_machine(name: str) -> None:
    shown = without_secrets(CORPUS[name])
    assert hardware_of(shown) == hardware_of(CORPUS[name])
    assert (shown == CORPUS[name]) is (name not in HIDDEN)
    for secret in HIDDEN.get(name, ()):
        assert secret in CORPUS[name]
        assert secret not in shown


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_but_the_secret_goes(name: str) -> None:
    expected = CORPUS[name].replace(" passwd='geheim'", "")
    for secret in HIDDEN[name]:
        expected = expected.replace(f">{secret}<", "><")
    assert canonical(parse(without_secrets(CORPUS[name]))) == canonical(parse(expected))


@pytest.mark.parametrize("devices", [PASSWORD, COOKIES])
def test_what_opens_a_screen_or_what_is_behind_a_web_address_goes(devices: str) -> None:
    plain = CORPUS["nothing-in-it"].replace("</domain>", f"<devices>{devices}</devices></domain>")
    assert "geheim" in plain
    assert "geheim" not in without_secrets(plain)


def test_names_of_secrets_stay() -> None:
    for name in ("iscsi-disk", "luks-disk", "rbd-disk"):
        assert without_secrets(CORPUS[name]) == CORPUS[name]


def test_what_is_no_definition_is_refused() -> None:
    with pytest.raises(InvalidXml):
        without_secrets("<domain")
