"""The panel's own element in a definition's metadata: what the machine is that libvirt does not know.

<stoney:vm xmlns:stoney="urn:stoney-panel:vm:1" kind="vm" mode="...">
  <stoney:display-name>...</stoney:display-name>
  <stoney:made-disk>/path</stoney:made-disk>
  <stoney:origin uuid="..." link="streaming"/>
  <stoney:pool uuid="..."/>
</stoney:vm>
"""

from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.description import PanelMark
from vms.hypervisor.machine_xml.parsing import parse, text_of
from vms.rules.kinds import Kind, Link, Mode

NAMESPACE = "urn:stoney-panel:vm:1"
_VM = f"{{{NAMESPACE}}}vm"
_DISPLAY_NAME = f"{{{NAMESPACE}}}display-name"
_MADE_DISK = f"{{{NAMESPACE}}}made-disk"
_ORIGIN = f"{{{NAMESPACE}}}origin"
_POOL = f"{{{NAMESPACE}}}pool"
_BEFORE_METADATA = frozenset({"name", "uuid", "genid", "title", "description"})

Word = TypeVar("Word", bound=StrEnum)


def mark_in(root: Element) -> PanelMark:
    """What it does not know, it takes for not said: another version of the panel may have written it."""
    vm = root.find(f"metadata/{_VM}")
    if vm is None:
        return PanelMark()
    origin, pool = vm.find(_ORIGIN), vm.find(_POOL)
    return PanelMark(
        kind=_kind_in(vm),
        mode=_word(Mode, vm.get("mode")),
        display_name=vm.findtext(_DISPLAY_NAME) or "",
        made_disks=frozenset(disk.text for disk in vm.iterfind(_MADE_DISK) if disk.text),
        origin=None if origin is None else _uuid(origin.get("uuid", "")),
        link=(None if origin is None else _word(Link, origin.get("link"))) or Link.NONE,
        pool=None if pool is None else _uuid(pool.get("uuid", "")),
    )


def _kind_in(vm: Element) -> Kind | None:
    """Versions before pools wrote of a VM whether it is thrown away after use, beside its kind."""
    kind = _word(Kind, vm.get("kind"))
    return Kind.DYNAMIC if kind is Kind.VM and vm.get("type") == "dynamic" else kind


def element_of(mark: PanelMark) -> str:
    """The element alone, as libvirt's own call for metadata takes it, which adds the prefix itself and refuses one
    that is there already."""
    vm = etree.fromstring(f'<vm xmlns="{NAMESPACE}"/>')
    _write(vm, mark)
    return etree.tostring(vm, encoding="unicode")


def with_panel_mark(xml: str, mark: PanelMark) -> str:
    """The same definition with this mark. All else stays as it was, down to comments and what nobody knows."""
    root = parse(xml)
    _write(_vm_element(root), mark)
    return text_of(root)


def _word(words: type[Word], text: str | None) -> Word | None:
    return words(text) if text in set(words) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _vm_element(root: Element) -> Element:
    """The one element; libvirt allows no second one of the same namespace."""
    metadata = root.find("metadata")
    if metadata is None:
        metadata = etree.Element("metadata")
        root.insert(_place_for_metadata(root), metadata)
    vm = metadata.find(_VM)
    return vm if vm is not None else etree.SubElement(metadata, _VM, nsmap={"stoney": NAMESPACE})


def _place_for_metadata(root: Element) -> int:
    heads = [place for place, child in enumerate(root) if child.tag in _BEFORE_METADATA]
    return heads[-1] + 1 if heads else 0


def _write(vm: Element, mark: PanelMark) -> None:
    try:
        _write_words(vm, mark)
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error


def _write_words(vm: Element, mark: PanelMark) -> None:
    _write_word(vm, "kind", mark.kind)
    vm.attrib.pop("type", "")
    _write_word(vm, "mode", mark.mode)
    for old in [*vm.findall(_DISPLAY_NAME), *vm.findall(_MADE_DISK), *vm.findall(_ORIGIN), *vm.findall(_POOL)]:
        vm.remove(old)
    if mark.display_name:
        etree.SubElement(vm, _DISPLAY_NAME).text = mark.display_name
    for path in sorted(mark.made_disks):
        etree.SubElement(vm, _MADE_DISK).text = path
    if mark.origin is not None:
        _write_origin(etree.SubElement(vm, _ORIGIN), mark)
    if mark.pool is not None:
        etree.SubElement(vm, _POOL).set("uuid", str(mark.pool))


def _write_origin(origin: Element, mark: PanelMark) -> None:
    origin.set("uuid", str(mark.origin))
    if mark.link:
        origin.set("link", mark.link)


def _write_word(vm: Element, name: str, word: StrEnum | None) -> None:
    if word is not None:
        vm.set(name, word)
    elif name in vm.attrib:
        del vm.attrib[name]
