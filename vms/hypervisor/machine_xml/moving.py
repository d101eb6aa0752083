"""A definition on its way to another node: what it needs there, and what it is there."""

from collections.abc import Iterator, Mapping

from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.cloned_disks import target_of, use_image
from vms.hypervisor.machine_xml.hardware_reading import hardware_of
from vms.hypervisor.machine_xml.marking import NAMESPACE
from vms.hypervisor.machine_xml.parsing import parse, text_of
from vms.hypervisor.machine_xml.reading import describe
from vms.rules.hardware import REMOVABLE, Beyond
from vms.rules.preflight import MovingDisk, Needs, Tie

_MADE_DISKS = f"metadata/{{{NAMESPACE}}}vm/{{{NAMESPACE}}}made-disk"
_MAY_BE_MISSING = frozenset({"optional", "requisite"})
_TIES: Mapping[Tie, tuple[str, ...]] = {
    Tie.PASSED_THROUGH: ("devices/tpm/backend[@type='passthrough']",),
    Tie.SHARED_MEMORY: ("devices/shmem",),
}
_BEYOND: Mapping[Beyond, Tie] = {
    Beyond.PASSED_THROUGH: Tie.PASSED_THROUGH,
    Beyond.SHARED_FOLDERS: Tie.SHARED_FOLDERS,
    Beyond.ENCRYPTED_MEMORY: Tie.ENCRYPTED_MEMORY,
}


def moved(xml: str, disks: Mapping[str, str]) -> str:
    """The same machine with these disks in other images, qcow2 that stand alone, by target; all else stays.

    What the panel noted of the images that it made goes along. InvalidXml if it has no such disk.
    """
    root = parse(xml)
    found = {target_of(disk): disk for disk in root.iterfind("devices/disk") if disk.get("device") not in REMOVABLE}
    if unknown := disks.keys() - found.keys():
        raise InvalidXml(f"the machine has no disk {', '.join(sorted(unknown))}")
    paths = {each.source: disks[each.target] for each in describe(xml).disks if each.target in disks}
    try:
        _rename_made_disks(root, paths)
        for target, path in disks.items():
            use_image(found[target], path)
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    return text_of(root)


def needs_of(xml: str) -> Needs:
    """What a machine with this definition needs of a node. InvalidXml if it is no machine's definition."""
    root, found = parse(xml), describe(xml)
    interfaces = {(each.source_type, each.source) for each in found.interfaces if each.source}
    return Needs(
        memory=found.memory,
        networks=frozenset(name for kind, name in interfaces if kind == "network"),
        bridges=frozenset(name for kind, name in interfaces if kind in {"bridge", "direct"}),
        disks=tuple(_moving(disk) for disk in root.iterfind("devices/disk") if _is_written(disk)),
        media=frozenset(path for disk in root.iterfind("devices/disk") if (path := _medium(disk))),
        own_files=frozenset(path for nvram in root.iterfind("os/nvram") if (path := _variables(nvram))),
        keeps_state=root.find("devices/tpm/backend[@type='emulator']") is not None,
        ties=frozenset(_ties(root, xml)),
    )


def _rename_made_disks(root: Element, paths: Mapping[str, str]) -> None:
    for made in root.iterfind(_MADE_DISKS):
        made.text = paths.get(made.text or "", made.text)


def _is_written(disk: Element) -> bool:
    """And only here: what is in the network is the same everywhere."""
    is_local = disk.get("type", "file") != "network"
    return disk.get("device") not in REMOVABLE and disk.find("readonly") is None and is_local


def _moving(disk: Element) -> MovingDisk:
    stands_in_the_way = any(disk.find(path) is not None for path in ("shareable", "encryption", "source/encryption"))
    path = _file(disk)
    return MovingDisk(target_of(disk), path, can_be_copied=bool(path) and not stands_in_the_way)


def _medium(disk: Element) -> str:
    """Of one that libvirt leaves out where it is missing, nothing."""
    source = disk.find("source")
    is_left_out = source is not None and source.get("startupPolicy") in _MAY_BE_MISSING
    is_only_read = disk.get("device") in REMOVABLE or disk.find("readonly") is not None
    return _file(disk) if is_only_read and not is_left_out else ""


def _variables(nvram: Element) -> str:
    source = nvram.find("source")
    return (nvram.text or "").strip() if source is None else source.get("file", "")


def _ties(root: Element, xml: str) -> Iterator[Tie]:
    yield from (tie for tie, paths in _TIES.items() if any(root.find(path) is not None for path in paths))
    yield from (_BEYOND[each] for each in hardware_of(xml).beyond if each in _BEYOND)


def _file(disk: Element) -> str:
    source = disk.find("source")
    return "" if source is None or disk.get("type", "file") != "file" else source.get("file", "")
