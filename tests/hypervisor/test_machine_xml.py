"""Definitions are read whatever they hold, and changed in one place only."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml import Disk, Interface, PanelMark, describe, parse, with_panel_mark
from vms.hypervisor.machine_xml.reading import agent_is_connected
from vms.rules.kinds import Kind, Mode

FULL = """<?xml version='1.0' encoding='ISO-8859-1'?>
<!-- kept by hand -->
<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" type='kvm' id='3'>
  <name>web &lt;1&gt;</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <title>\u202eeltit</title>
  <metadata>
    <other:thing xmlns:other="urn:other" a='1'><other:b/>text</other:thing>
    <stoney:vm xmlns:stoney="urn:stoney-panel:vm:1" kind="template" type="dynamic" mode="ready for use" later="7">
      <stoney:display-name>Web &amp; more</stoney:display-name>
      <stoney:made-disk>/images/a.qcow2</stoney:made-disk>
      <stoney:made-disk>/images/b.qcow2</stoney:made-disk>
      <stoney:unknown/>
    </stoney:vm>
  </metadata>
  <memory unit='GiB'>2</memory>
  <currentMemory unit='MB'>1000</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='cdrom'/><boot dev='hd'/></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='/images/a.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='raw'/><source pool='fast' volume='b'/><target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sdb' bus='scsi'/></disk>
    <disk type='network' device='disk'><source protocol='rbd' name='pool/c'/><target dev='vdc'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/>
    </interface>
    <interface type='bridge'><source bridge='br0'/></interface>
    <interface type='user'/>
    <graphics type='vnc' port='-1' passwd='secret'/><graphics type='spice'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
    <watchdog model='itco' action='poweroff'/>
    <hostdev mode='subsystem'/><!-- a device -->
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>
</domain>
<!-- the end -->
"""
PLAIN = "<domain type='qemu'><name>a</name><memory>8192</memory>{}</domain>"
MARK = PanelMark(Kind.VM, None, "Päivi's <VM> & שלום", frozenset({"/b", "/a"}))


def test_a_full_definition_is_read() -> None:
    found = describe(FULL)
    assert found.name == "web <1>"
    assert found.uuid == UUID("6695eb01-f6a4-8304-79aa-97f2502e193f")
    assert found.title == "\u202eeltit"
    assert (found.memory, found.memory_current) == (2 * 1024**3, 1000 * 1000**2)
    assert (found.vcpus, found.vcpus_current) == (4, 2)
    assert (found.virt_type, found.arch, found.machine_type, found.os_type) == ("kvm", "x86_64", "pc-q35-7.2", "hvm")
    assert found.boot_devices == ("cdrom", "hd")
    assert found.graphics == ("vnc", "spice")
    assert found.has_agent_channel
    assert found.watchdog == "poweroff"


def test_the_disks_of_every_type_are_read() -> None:
    assert describe(FULL).disks == (
        Disk("vda", "disk", "virtio", "/images/a.qcow2", "qcow2", read_only=False),
        Disk("vdb", "disk", "virtio", "fast/b", "raw", read_only=False),
        Disk("sdb", "lun", "scsi", "/dev/sdx", "", read_only=False),
        Disk("vdc", "disk", "", "pool/c", "", read_only=False),
        Disk("sda", "cdrom", "sata", "", "", read_only=True),
    )


def test_the_interfaces_of_every_type_are_read() -> None:
    assert describe(FULL).interfaces == (
        Interface("52:54:00:00:00:01", "virtio", "network", "default"),
        Interface("", "", "bridge", "br0"),
        Interface("", "", "user", ""),
    )


def test_the_panels_own_mark_is_read() -> None:
    assert describe(FULL).panel == PanelMark(
        Kind.TEMPLATE,
        Mode.READY_FOR_USE,
        "Web & more",
        frozenset({"/images/a.qcow2", "/images/b.qcow2"}),
    )


def test_a_definition_with_nothing_in_it_is_read() -> None:
    found = describe("<domain><name>a</name></domain>")
    assert (found.memory, found.vcpus, found.uuid, found.watchdog) == (0, 1, None, None)
    assert not any((found.disks, found.interfaces, found.graphics, found.boot_devices))
    assert found.panel == PanelMark()
    assert not found.has_agent_channel


def test_what_the_mark_says_in_words_we_do_not_know_counts_as_not_said() -> None:
    mark = "<metadata><s:vm xmlns:s='urn:stoney-panel:vm:1' kind='pool' type='' mode='READY'/></metadata>"
    assert describe(PLAIN.format(mark)).panel == PanelMark()


def test_a_watchdog_without_an_action_resets() -> None:
    assert describe(PLAIN.format("<devices><watchdog model='i6300esb'/></devices>")).watchdog == "reset"


def test_an_agent_is_connected_when_the_live_definition_says_so() -> None:
    assert agent_is_connected(FULL)
    assert not agent_is_connected(FULL.replace("state='connected'", "state='disconnected'"))
    assert not agent_is_connected(PLAIN.format(""))


def test_the_boot_order_may_stand_at_the_devices() -> None:
    devices = """<devices>
      <disk type='file' device='disk'><boot order='2'/></disk>
      <disk type='file' device='cdrom'><boot order='10'/></disk>
      <interface type='user'><boot order='1'/></interface></devices>"""
    assert describe(PLAIN.format(devices)).boot_devices == ("network", "hd", "cdrom")


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        (None, 1024),
        ("b", 1),
        ("bytes", 1),
        ("KB", 1000),
        ("k", 1024),
        ("KiB", 1024),
        ("kib", 1024),
        ("MB", 1000**2),
        ("M", 1024**2),
        ("MiB", 1024**2),
        ("GB", 1000**3),
        ("G", 1024**3),
        ("TiB", 1024**4),
        ("PB", 1000**5),
        ("E", 1024**6),
    ],
)
def test_memory_is_read_in_every_unit_of_libvirt(unit: str | None, size: int) -> None:
    attribute = f" unit='{unit}'" if unit else ""
    assert describe(f"<domain><name>a</name><memory{attribute}> 3 </memory></domain>").memory == 3 * size


@pytest.mark.parametrize("unit", ["b", "KB", "k", "KiB", "MB", "MiB", "G", "GiB"])
def test_libvirt_reads_the_units_as_we_do(unit: str) -> None:
    connection = libvirt.open("test:///default")
    xml = f"<domain type='test'><name>u</name><memory unit='{unit}'>4096000</memory><os><type>hvm</type></os></domain>"
    domain = connection.defineXML(xml)
    assert 0 <= describe(domain.XMLDesc()).memory - describe(xml).memory < 1024
    domain.undefine()


@pytest.mark.parametrize("memory", ["<memory>a</memory>", "<memory>-1</memory>", "<memory unit='X'>1</memory>"])
def test_memory_that_is_no_size_is_refused(memory: str) -> None:
    with pytest.raises(InvalidXml):
        describe(f"<domain><name>a</name>{memory}</domain>")


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "text",
        "<domain>",
        "<domain/>",
        "<domain><name/></domain>",
        "<domain><name>a</name><uuid>no</uuid></domain>",
        "<domain><name>a</name><vcpu>many</vcpu></domain>",
        "<network><name>a</name></network>",
        "<domain><name>\x00</name></domain>",
        "<domain><name>\ud800</name></domain>",
        "<domain><name>&nothing;</name></domain>",
        "<!DOCTYPE domain><domain><name>a</name></domain>",
        "<!DOCTYPE domain SYSTEM 'http://127.0.0.1:1/a.dtd'><domain><name>a</name></domain>",
        "<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><domain><name>&a;</name></domain>",
        "<domain>" * 300 + "</domain>" * 300,
    ],
)
def test_what_is_malformed_or_hostile_is_refused(xml: str) -> None:
    with pytest.raises(InvalidXml):
        describe(xml)


@pytest.mark.parametrize("xml", ["", "<domain>", "<network/>", "<!DOCTYPE domain><domain><name>a</name></domain>"])
def test_what_is_no_definition_is_not_marked(xml: str) -> None:
    with pytest.raises(InvalidXml):
        with_panel_mark(xml, MARK)


def test_an_entity_that_grows_without_end_is_refused_at_once() -> None:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    bomb = f"<!DOCTYPE domain [<!ENTITY e0 'x'>{entities}]><domain a='&e11;'><name>&e11;</name></domain>"
    start = monotonic()
    with pytest.raises(InvalidXml):
        describe(bomb)
    assert monotonic() - start < 1


def test_a_mark_replaces_the_old_one_and_touches_nothing_else() -> None:
    assert without_mark(parse(FULL)) == without_mark(parse(with_panel_mark(FULL, MARK)))
    assert describe(with_panel_mark(FULL, MARK)).panel == MARK


def test_what_another_version_of_the_panel_wrote_into_the_mark_stays() -> None:
    after = with_panel_mark(FULL, MARK)
    assert 'later="7"' in after
    assert "<stoney:unknown/>" in after


def test_comments_around_the_definition_and_its_secrets_stay() -> None:
    after = with_panel_mark(FULL, MARK)
    assert "<!-- kept by hand -->" in after
    assert "<!-- a device -->" in after
    assert "<!-- the end -->" in after
    assert 'passwd="secret"' in after
    assert '<qemu:arg value="-foo"/>' in after


def test_marking_twice_is_marking_once() -> None:
    once = with_panel_mark(FULL, MARK)
    assert with_panel_mark(once, MARK) == once


def test_an_empty_mark_says_nothing() -> None:
    assert describe(with_panel_mark(FULL, PanelMark())).panel == PanelMark()


def test_the_first_mark_stands_below_the_name() -> None:
    after = with_panel_mark(PLAIN.format("<devices/>"), MARK)
    assert "<name>a</name><metadata><stoney:vm " in after
    assert describe(after).panel == MARK


def test_a_character_that_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidXml):
        with_panel_mark(FULL, PanelMark(display_name="bell \x07"))


def test_libvirt_keeps_the_mark() -> None:
    connection = libvirt.open("test:///default")
    xml = with_panel_mark(
        "<domain type='test'><name>m</name><memory>8192</memory><os><type>hvm</type></os></domain>", MARK
    )
    domain = connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    assert describe(domain.XMLDesc()).panel == MARK
    domain.undefine()


writable = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=80)
marks = st.builds(
    PanelMark,
    kind=st.none() | st.sampled_from(Kind),
    mode=st.none() | st.sampled_from(Mode),
    display_name=writable,
    made_disks=st.frozensets(writable.filter(bool), max_size=3),
)
strange = st.sampled_from(
    [
        "<devices/>",
        "<metadata/>",
        "<metadata>\n <a:b xmlns:a='urn:a'><![CDATA[<x>]]></a:b>\n</metadata>",
        "<!-- c --><?pi p?>",
        "<x xmlns='urn:other'><metadata><vm xmlns='urn:stoney-panel:vm:1' kind='vm'/></metadata></x>",
        "<description>&lt;script&gt; \u202e &amp;#x41;</description>",
        "<genid>1</genid><title>t</title>",
    ]
)


@given(marks, st.lists(strange, max_size=4, unique=True), writable)
def test_any_mark_in_any_definition_is_read_as_it_was_written(mark: PanelMark, parts: list[str], title: str) -> None:
    root = etree.fromstring(PLAIN.format("".join(parts)).encode())
    etree.SubElement(root, "label").text = title
    before = etree.tostring(root, encoding="unicode")
    after = with_panel_mark(before, mark)
    assert describe(after).panel == mark
    assert without_mark(etree.fromstring(after.encode())) == without_mark(root)
    assert with_panel_mark(after, mark) == after


@pytest.mark.broad
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    for xml in (text, f"<domain>{text}</domain>", f"<domain><name>a</name><memory unit='{text}'>1</memory></domain>"):
        try:
            describe(xml)
        except InvalidXml:
            continue


def without_mark(root: etree._Element) -> list[tuple[object, ...]]:
    """All that is there, in its order, but the panel's element and the metadata that was made to hold it."""
    namespace = "{urn:stoney-panel:vm:1}"
    return [
        (element.tag, sorted(element.attrib.items()), (element.text or "").strip(), tuple(element.nsmap))
        for element in root.iter()
        if not under_mark(element, namespace) and element.tag != "metadata"
    ]


def under_mark(element: etree._Element, namespace: str) -> bool:
    parent = element.getparent()
    here = isinstance(element.tag, str) and element.tag.startswith(namespace)
    outside = parent is not None and isinstance(parent.tag, str) and parent.tag.startswith("{urn:other}")
    return (here and not outside) or (parent is not None and under_mark(parent, namespace))
