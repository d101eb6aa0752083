"""Another boot device, and nothing else; and addresses that nobody has."""

from __future__ import annotations

import re
import secrets

import pytest

from tests.hypervisor.shapes import CDROM, DISK, INTERFACE, SHAPES, shape
from vms.hypervisor.errors import InvalidXml, Unsupported
from vms.hypervisor.machine_xml import BootDevice, describe, fresh_mac, parse, with_boot_device
from vms.hypervisor.machine_xml.elements import drop_all
from vms.hypervisor.machine_xml.parsing import text_of

NUMBERED = SHAPES["an order at the devices"]
WITH_BOTH_DRIVES = [name for name, xml in SHAPES.items() if DISK[:40] in xml and CDROM[:40] in xml]


@pytest.mark.parametrize("name", WITH_BOTH_DRIVES)
def test_switching_there_and_back_changes_nothing_but_the_order(name: str) -> None:
    xml = SHAPES[name]
    to_media = with_boot_device(xml, "cdrom")
    back = with_boot_device(to_media, "hd")
    assert describe(to_media).boot_devices[0] == "cdrom"
    assert describe(back).boot_devices[0] == "hd"
    for text in (to_media, back):
        assert without_order(text) == without_order(xml)


@pytest.mark.parametrize(
    ("boot", "device", "order"),
    [
        ("", "cdrom", ("cdrom", "hd")),
        ("", "hd", ("hd",)),
        ("<boot dev='hd'/>", "cdrom", ("cdrom", "hd")),
        ("<boot dev='hd'/><!-- then --><boot dev='cdrom'/>", "cdrom", ("cdrom", "hd")),
        ("<boot dev='network'/><boot dev='cdrom'/><boot dev='hd'/>", "hd", ("hd", "network", "cdrom")),
        ("<boot dev='network'/>", "hd", ("hd", "network")),
    ],
)
def test_the_order_of_kinds(boot: str, device: BootDevice, order: tuple[str, ...]) -> None:
    assert describe(with_boot_device(shape(boot=boot), device)).boot_devices == order


@pytest.mark.parametrize(
    ("device", "order"), [("hd", ("hd", "cdrom", "network")), ("cdrom", ("cdrom", "network", "hd"))]
)
def test_the_order_of_numbers(device: BootDevice, order: tuple[str, ...]) -> None:
    after = with_boot_device(NUMBERED, device)
    assert describe(after).boot_devices == order
    assert sorted(boot.get("order", "") for boot in parse(after).iterfind("devices/*/boot")) == ["1", "2", "3"]


def test_a_drive_without_a_number_gets_one() -> None:
    numbered = INTERFACE.replace("</interface>", "<boot order='1'/></interface>")
    after = with_boot_device(shape(DISK + CDROM + numbered, boot=""), "cdrom")
    assert describe(after).boot_devices == ("cdrom", "network")


def test_where_devices_have_numbers_there_must_be_such_a_drive() -> None:
    numbered = INTERFACE.replace("</interface>", "<boot order='1'/></interface>")
    with pytest.raises(Unsupported):
        with_boot_device(shape(DISK + numbered, boot=""), "cdrom")


def test_what_is_no_definition_is_not_changed() -> None:
    with pytest.raises(InvalidXml):
        with_boot_device("<network/>", "hd")


def test_a_fresh_mac_is_one_of_qemus() -> None:
    assert re.fullmatch(r"52:54:00(:[0-9a-f]{2}){3}", fresh_mac([]))


def test_a_fresh_mac_is_taken_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    chances = iter([b"\xaa\x00\x01", b"\xaa\x00\x02", b"\xaa\x00\x03"])
    monkeypatch.setattr(secrets, "token_bytes", lambda _count: next(chances))
    assert fresh_mac(["52:54:00:AA:00:01", "52:54:00:aa:00:02"]) == "52:54:00:aa:00:03"


def without_order(xml: str) -> str:
    root = parse(xml)
    drop_all(root, "os/boot", "devices/*/boot")
    return re.sub(r"\s+", " ", text_of(root))
