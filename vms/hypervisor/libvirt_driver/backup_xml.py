"""What libvirt is told of a backup, of its checkpoint and of an overlay, and what it tells of them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.backing_up import BackupPlan, Checkpoint
from vms.hypervisor.errors import InvalidXml


def backup_of(plan: BackupPlan) -> str:
    return _text(_element("domainbackup", _disks(_copied(plan, target) for target in plan.files), mode="push"))


def checkpoint_of(name: str, targets: Iterable[str]) -> str:
    noted = (_element("disk", name=target, checkpoint="bitmap") for target in targets)
    return _text(_element("domaincheckpoint", _element("name", text=name), _disks(noted)))


def saved_memory(path: str, overlays: Mapping[str, str], targets: Iterable[str]) -> str:
    """targets: of all disks, for those that are not named get an overlay too."""
    memory = _element("memory", snapshot="external", file=path)
    return _text(
        _element("domainsnapshot", memory, _disks(_overlaid(each, overlays.get(each, "")) for each in targets))
    )


def files_in(xml: str) -> dict[str, str]:
    """Of a backup under way, by target."""
    disks = etree.fromstring(xml.encode()).iterfind("disks/disk[target]")
    return {disk.get("name", ""): next(disk.iterfind("target")).get("file", "") for disk in disks}


def checkpoint_in(xml: str, *, is_measured: bool) -> Checkpoint:
    root = etree.fromstring(xml.encode())
    disks = {disk.get("name", ""): disk.get("size") for disk in root.iterfind("disks/disk[@checkpoint='bitmap']")}
    return Checkpoint(
        name=root.findtext("name") or "",
        made_at=datetime.fromtimestamp(int(root.findtext("creationTime") or 0), UTC),
        disks=frozenset(disks),
        changed={name: int(size) for name, size in disks.items() if size} if is_measured else None,
    )


def ready_merges(xml: str) -> Collection[str]:
    """The targets of those that may be finished."""
    ready = etree.fromstring(xml.encode()).iterfind("devices/disk/mirror[@job='active-commit'][@ready='yes']/../target")
    return frozenset(target.get("dev", "") for target in ready)


def _copied(plan: BackupPlan, target: str) -> Element:
    since = {"backupmode": "incremental", "incremental": plan.since} if target in plan.below else {"backupmode": "full"}
    file = _element("target", file=plan.files[target])
    return _element("disk", _element("driver", type="qcow2"), file, name=target, backup="yes", type="file", **since)


def _overlaid(target: str, path: str) -> Element:
    if not path:
        return _element("disk", name=target, snapshot="no")
    source = _element("source", file=path)
    return _element("disk", _element("driver", type="qcow2"), source, name=target, snapshot="external")


def _disks(disks: Iterable[Element]) -> Element:
    return _element("disks", *disks)


def _element(tag: str, *children: Element, text: str | None = None, **attributes: str) -> Element:
    try:
        made = etree.Element(tag, attributes)
        made.text = text
    except ValueError as error:  # a character that XML has no way to write
        raise InvalidXml(str(error)) from error
    made.extend(children)
    return made


def _text(root: Element) -> str:
    return str(etree.tostring(root, encoding="unicode"))
