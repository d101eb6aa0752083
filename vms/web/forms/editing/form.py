"""The form in which a machine is edited: all its parts together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
from typing import Any, TypeAlias
from uuid import UUID

from django.http import QueryDict

from vms import labels
from vms.models import StoredFile
from vms.operations.editing import EditOrder
from vms.rules.actions import Slot
from vms.rules.differences import Change
from vms.rules.editing import plan
from vms.rules.edits import disturbing_a_job
from vms.rules.hardware import Hardware
from vms.web.forms.editing.boot import BootForm
from vms.web.forms.editing.devices import DevicesForm
from vms.web.forms.editing.drives import DiskForm
from vms.web.forms.editing.general import GeneralForm
from vms.web.forms.editing.interfaces import InterfaceForm, NewInterfaceForm
from vms.web.forms.editing.media import MediumForm, NewDriveForm
from vms.web.forms.editing.new_disk import AddedForm, NewDiskForm
from vms.web.forms.editing.part import AsEntered, Edited, EditPart
from vms.web.forms.editing.sizes import SizesForm

Row: TypeAlias = tuple[str, int]
"""Of a device that is to be added: of which kind, and a number that tells it from the others."""

MOST_ROWS = 32
ADDED: Mapping[str, type[AddedForm]] = {form.KIND: form for form in (NewDiskForm, NewDriveForm, NewInterfaceForm)}


@dataclass(frozen=True, slots=True)
class Filled:
    """What the fields show that is not as the machine is. rows: of the devices that are to be added."""

    values: AsEntered
    rows: tuple[Row, ...] = ()


class EditForm:
    """data: what the browser sent, to be judged; else how the machine is, and over that what was filled in."""

    def __init__(self, edited: Edited, data: QueryDict | None = None, filled: Filled | None = None) -> None:
        self.edited = edited
        self.rows = rows_in(data) if data is not None else (filled or Filled({})).rows
        given = (edited, data, filled.values if filled else None)
        machine = edited.hardware
        self.general, self.sizes, self.devices = GeneralForm(*given), SizesForm(*given), DevicesForm(*given)
        self.disks = [DiskForm(drive.was, *given) for drive in machine.drives if not drive.is_removable]
        self.drives = [MediumForm(drive.was, *given) for drive in machine.drives if drive.is_removable]
        self.interfaces = [InterfaceForm(interface.was, *given) for interface in machine.interfaces]
        self.added = [ADDED[kind](number, *given) for kind, number in self.rows]
        self.boot = BootForm(*given)

    @property
    def parts(self) -> list[EditPart]:
        """In the order in which they are applied: what is booted from comes last, once it is known what there is."""
        devices = [*self.disks, *self.drives, *self.interfaces, *self.added]
        return [self.general, self.sizes, self.devices, *devices, self.boot]

    # What was entered

    @property
    def filled(self) -> Filled:
        """Everything, to be shown again."""
        return Filled(_together(part.as_entered() for part in self.parts), self.rows)

    @property
    def changed(self) -> Filled:
        """Only what somebody changed, to be shown over what the machine has become meanwhile."""
        old = (part.as_changed() for part in self.parts if not isinstance(part, AddedForm))
        return Filled(_together([*old, *(part.as_entered() for part in self.added)]), self.rows)

    def is_valid(self) -> bool:
        """Each field by itself, then the machine as a whole, as far as that makes sense."""
        wrong = [part for part in self.parts if part.errors]
        if not wrong:
            self._object()
        return not any(part.errors for part in self.parts)

    def _object(self) -> None:
        self.say_hindrances(self.order(None).impossible)
        if self.edited.vm.operations.filter(slot=Slot.JOB, finished_at=None).exists():
            for change in disturbing_a_job(self.changes):
                self.say(change, str(labels.NOT_DURING_A_JOB))
        if len(set(self._files)) > 1:
            self.general.add_error(None, str(labels.ONE_FILE_AT_A_TIME))

    def say_hindrances(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.hindrance is not None:
                self.say(change, str(labels.HINDRANCE[change.hindrance]))

    def say(self, change: Change, sentence: str) -> None:
        """Where this was changed, or above everything."""
        for part in self.parts:
            if name := part.field_of(change):
                part.add_error(name if name in part.fields else None, sentence)
                return
        self.general.add_error(None, sentence)

    # Only when it is valid

    @cached_property
    def after(self) -> Hardware:
        return reduce(lambda machine, part: part.applied(machine), self.parts, self.edited.hardware)

    @cached_property
    def changes(self) -> list[Change]:
        """Each with its time."""
        return plan(self.edited.hardware, self.after, self.edited.live)

    @property
    def _files(self) -> list[tuple[StoredFile, str]]:
        """The uploaded images that are put into drives, and where they are brought to."""
        media = [part for part in (*self.drives, *self.added) if isinstance(part, MediumForm | NewDriveForm)]
        return [brought for part in media if (brought := part.brought) is not None]

    def order(self, key: UUID | None) -> EditOrder:
        general, file = self.general, next(iter(self._files), None)
        disks = (part.disk_plan for part in self.added if isinstance(part, NewDiskForm))
        return EditOrder(
            before=self.edited.hardware,
            after=self.after,
            digest=self.edited.opened.digest,
            display_name=general.display_name,
            mode=general.mode_change,
            disks=tuple(disk for disk in disks if disk is not None),
            file=file[0].pk if file else None,
            cdrom=file[1] if file else "",
            key=key,
        )

    @property
    def changes_nothing(self) -> bool:
        general = self.general
        return self.order(None).is_empty and general.own_notes is None and general.protection is None


def rows_in(data: QueryDict) -> tuple[Row, ...]:
    """Whatever does not make sense is left out."""
    found = (value.rpartition(".") for value in dict.fromkeys(data.getlist("row")))
    rows = [(kind, int(number)) for kind, _dot, number in found if kind in ADDED and number in _NUMBERS]
    return tuple(rows[:MOST_ROWS])


_NUMBERS = frozenset(map(str, range(MOST_ROWS)))


def with_row(rows: tuple[Row, ...], kind: str) -> tuple[Row, ...]:
    """One more of this kind, if there is room."""
    taken = {number for _kind, number in rows}
    free = next((number for number in range(MOST_ROWS) if number not in taken), None)
    return rows if free is None or kind not in ADDED else (*rows, (kind, free))


def without_row(rows: tuple[Row, ...], name: str) -> tuple[Row, ...]:
    return tuple((kind, number) for kind, number in rows if f"{kind}.{number}" != name)


def _together(values: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return dict(chain.from_iterable(each.items() for each in values))
