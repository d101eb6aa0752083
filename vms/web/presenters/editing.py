"""A machine that somebody edits: its form, what would be changed, and what somebody else has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.urls import reverse

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Slot
from vms.rules.differences import Change, Part, When
from vms.rules.editing import ASKS_THE_GUEST
from vms.rules.hardware import Drive
from vms.rules.kinds import Kind, Mode
from vms.web import formats
from vms.web.forms.editing.drives import DiskForm
from vms.web.forms.editing.form import EditForm
from vms.web.forms.editing.interfaces import InterfaceForm, NewInterfaceForm
from vms.web.forms.editing.media import MediumForm, NewDriveForm
from vms.web.forms.editing.new_disk import NewDiskForm
from vms.web.forms.editing.opened import Opened
from vms.web.forms.editing.part import EditPart
from vms.web.lists.for_people import title_for
from vms.web.presenters.changes import ChangeLine, change_lines
from vms.web.presenters.modes import ModeChoices, mode_and_who_set_it, mode_choices
from vms.web.requests import list_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page about the edited machine belongs."""

    name: str
    title: str
    url: str
    page_url: str
    list_url: str
    list_title: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """detail: what is behind it, is_path: at the node. row: its name, if it is to be added: it can be left out."""

    form: EditPart
    title: str
    detail: str
    note: str
    row: str
    is_path: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that needs another look. url: of the field on this page."""

    field: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class EditView:
    """beyond: what the panel leaves as it is."""

    form: EditForm
    modes: ModeChoices | None
    mode_now: str
    disks: list[DeviceRow]
    drives: list[DeviceRow]
    interfaces: list[DeviceRow]
    rows: list[str]
    boots_by: str
    is_running: bool
    beyond: list[str]
    faults: list[Fault]
    opened: str
    key: UUID


@dataclass(frozen=True, slots=True)
class Review:
    """warnings: what does not stand against it, but should be known before."""

    lines: list[ChangeLine]
    warnings: list[str]
    waits: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else has changed since the form was opened."""

    text: str
    lines: list[str]


def place_of(vm: Vm, viewer: Viewer) -> Place:
    kind = Kind(vm.kind)
    return Place(
        name=vm.display_name,
        title=str(labels.EDIT_TITLE) % {"vm": vm.display_name},
        url=reverse("vms:edit", args=[vm.pk]),
        page_url=reverse("vms:page", args=[vm.pk]),
        list_url=reverse(list_of(kind)),
        list_title=str(title_for(viewer, kind)),
    )


def edit_view(form: EditForm) -> EditView:
    edited = form.edited
    is_template = edited.vm.kind == Kind.TEMPLATE
    return EditView(
        form=form,
        modes=mode_choices(form.general["mode"]) if is_template else None,
        mode_now=mode_and_who_set_it(edited.vm) if is_template else "",
        disks=[*map(_disk_row, form.disks), *_added(form, NewDiskForm, labels.NEW_DISK)],
        drives=[*map(_drive_row, form.drives), *_added(form, NewDriveForm, labels.NEW_DRIVE)],
        interfaces=[*map(_interface_row, form.interfaces), *_added(form, NewInterfaceForm, labels.NEW_INTERFACE)],
        rows=[f"{kind}.{number}" for kind, number in form.rows],
        boots_by=str(form.boot["by"].value()),
        is_running=edited.live is not None,
        beyond=[str(labels.BEYOND[each]) for each in sorted(edited.hardware.beyond)],
        faults=list(_faults(form)),
        opened=edited.opened.token(edited.vm),
        key=uuid4(),
    )


def _faults(form: EditForm) -> Iterator[Fault]:
    for part in form.parts:
        for field in part:
            if part.is_bound and field.errors:
                yield Fault(str(field.label), " ".join(map(str, field.errors)), f"#{field.auto_id}")


def _disk_row(form: DiskForm) -> DeviceRow:
    drive = form.drive
    return DeviceRow(form, drive.target, drive.source, drive.format, "", is_path=True)


def _drive_row(form: MediumForm) -> DeviceRow:
    drive = form.drive
    return DeviceRow(form, drive.target, str(labels.DRIVE.get(drive.device, drive.device)), "", "")


def _interface_row(form: InterfaceForm) -> DeviceRow:
    interface = form.interface
    return DeviceRow(form, interface.mac or "–", labels.plugged_into(interface.kind, interface.source), "", "")


def _added(form: EditForm, kind: type[NewDiskForm | NewDriveForm | NewInterfaceForm], title: object) -> list[DeviceRow]:
    return [DeviceRow(part, str(title), "", "", part.row) for part in form.added if isinstance(part, kind)]


def review(form: EditForm) -> Review:
    """form: a valid one."""
    changes = form.changes
    return Review(
        lines=[*_own_lines(form), *change_lines(changes, form.edited.hardware, form.after)],
        warnings=list(_warnings(form, changes)),
        waits=any(change.when is When.NEXT_START for change in changes),
    )


def _own_lines(form: EditForm) -> Iterator[ChangeLine]:
    general = form.general
    if general.display_name:
        yield _own_line(labels.OWN_NAME, *general.display_name)
    if general.mode_change:
        yield _own_line(labels.OWN_MODE, *map(_mode, general.mode_change))
    if general.protection is not None:
        yes_or_no = [str(labels.VALUE_YES_NO[value]) for value in (not general.protection, general.protection)]
        yield _own_line(labels.FACT_PROTECTED, *yes_or_no)
    if general.own_notes is not None:
        yield ChangeLine(str(labels.OWN_NOTES), When.NOW, str(labels.WHEN[When.NOW]), "")


def _own_line(what: object, before: str, after: str) -> ChangeLine:
    text = str(labels.CHANGE) % {"what": what, "before": before, "after": after}
    return ChangeLine(text, When.NOW, str(labels.WHEN[When.NOW]), "")


def _mode(mode: str) -> str:
    return str(labels.MODE[Mode(mode)] if mode else labels.MODE_MISSING)


def _warnings(form: EditForm, changes: Iterable[Change]) -> Iterator[str]:
    yield from _about_the_node(form)
    for change in changes:
        if change.part in ASKS_THE_GUEST and change.when is When.NOW and form.edited.live is not None:
            yield str(labels.GUEST_IS_ASKED)
            break
    for change in changes:
        if change.part is Part.DRIVE_REMOVED and isinstance(change.before, Drive) and not change.before.is_removable:
            yield str(labels.IMAGE_STAYS) % {"disk": change.device, "path": change.before.source}


def _about_the_node(form: EditForm) -> Iterator[str]:
    node, before, after = form.edited.offer.node, form.edited.hardware, form.after
    more = after.memory_current - (before.memory_current if form.edited.live else 0)
    if after.memory_current > before.memory_current and 0 < node.memory_free < more:
        words = {"node": node.name, "free": formats.size(node.memory_free), "needed": formats.size(more)}
        yield str(labels.NODE_IS_FULL) % words
    if 0 < node.cpus < after.vcpus_current and after.vcpus_current > before.vcpus_current:
        yield str(labels.COPY_MANY_VCPUS) % {"node": node.name, "cpus": labels.cpus(node.cpus)}
    for disk in form.order(None).disks:
        pool = form.edited.offer.pool_of(disk.path)
        if pool and disk.capacity > pool.free:
            words = {"pool": pool.name, "free": formats.size(pool.free), "needed": formats.size(disk.capacity)}
            yield str(labels.POOL_IS_SMALLER) % words


def meanwhile(vm: Vm, opened: Opened, now: Opened) -> Meanwhile:
    changes = opened.changes_until(now)
    lines = [line.text for line in change_lines(changes, opened.hardware, now.hardware)]
    own = {
        labels.OWN_NAME: (opened.display_name, now.display_name),
        labels.OWN_MODE: (_mode(opened.mode), _mode(now.mode)),
    }
    told = [_own_line(what, *pair).text for what, pair in own.items() if pair[0] != pair[1]]
    notes = [str(labels.OWN_NOTES)] if opened.notes != now.notes else []
    protected = [str(labels.PROTECTION_CHANGED)] if opened.protected != now.protected else []
    return Meanwhile(_who_changed_it(vm, opened), [*told, *notes, *protected, *lines])


def _who_changed_it(vm: Vm, opened: Opened) -> str:
    since = datetime.fromtimestamp(opened.at, UTC)
    last = Operation.objects.filter(vm=vm, slot=Slot.CHANGE, finished_at__gte=since).first()
    if last is None:
        return str(labels.CHANGED_MEANWHILE) % {"vm": vm.display_name}
    words = {
        "vm": vm.display_name,
        "person": last.requested_by_name or labels.THE_PANEL,
        "since": formats.clock(last.finished_at or last.requested_at),
    }
    return str(labels.CHANGED_MEANWHILE_BY) % words
