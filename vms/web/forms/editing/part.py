"""What all parts of the form have in common in which a machine is edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from django import forms

from vms import labels
from vms.models import Vm
from vms.models.viewer import Viewer
from vms.rules.differences import Change, Part, When
from vms.rules.editing import plan
from vms.rules.hardware import Hardware
from vms.web.forms.editing.offer import Offer
from vms.web.forms.editing.opened import Opened

MIB = 1024**2
GIB = 1024 * MIB

Probe: TypeAlias = Callable[[Hardware], Iterable[Hardware]]
"""Some machines that differ from one in a single part."""

AsEntered: TypeAlias = Mapping[str, Any]
"""By the names of fields in the page: what somebody has filled in, whether it makes sense or not."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The machine that is edited. live: what it is now, None if it is off."""

    vm: Vm
    opened: Opened
    live: Hardware | None
    offer: Offer
    by: Viewer

    @property
    def hardware(self) -> Hardware:
        """As it was when the form was opened."""
        return self.opened.hardware

    def named(self, machines: Iterable[Vm]) -> str:
        """One that this person may not see has no name."""
        seen = Vm.objects.all().visible_to(self.by).filter(pk__in=[vm.pk for vm in machines])
        return ", ".join(vm.display_name for vm in seen) or str(labels.ANOTHER_VM)


@dataclass(frozen=True, slots=True)
class Hint:
    """waits: what is changed here takes effect at the next start only; why_not: why nothing can be changed here."""

    waits: bool = False
    why_not: str = ""


class HintedField(forms.BoundField):
    @property
    def waits(self) -> bool:
        """Whether that has to be said of this field, and is not said of the whole part."""
        part = self.form
        return isinstance(part, EditPart) and part.hints.get(self.name, Hint()).waits and not part.all_waits


class EditPart(forms.Form):
    """A part of the form. With what somebody entered it is not judged yet: an added row is no reason to complain.

    FIELDS: where each change of a machine is made; PROBES: how to find out whether it can be made.
    """

    use_required_attribute = False
    bound_field_class = HintedField

    FIELDS: ClassVar[Mapping[Part, str]] = {}
    PROBES: ClassVar[Mapping[Part, Probe]] = {}

    key = ""
    """Of the drive or interface it is about, as it was read."""

    def __init__(self, edited: Edited, data: Mapping[str, Any] | None = None, entered: AsEntered | None = None) -> None:
        super().__init__(data)
        self.edited = edited
        self.hints: dict[str, Hint] = {}
        self.prepare()
        self._hint_at_what_can_be_changed()
        self._show(entered or {})

    def prepare(self) -> None:
        """Offer what there is to choose from, and fill in how the machine is."""
        raise NotImplementedError

    def applied(self, machine: Hardware) -> Hardware:
        """The machine with what was chosen here. Only when this is valid."""
        raise NotImplementedError

    def field_of(self, change: Change) -> str | None:
        """The field in which this change was made, None if it was made in another part."""
        return self.FIELDS.get(change.part) if change.device == self.key else None

    def probes(self) -> Mapping[Part, Probe]:
        return self.PROBES

    def may_be(self, name: str, value: str) -> bool:
        """Whether this was chosen, or can be yet: what else is asked for then depends on it."""
        return not self.is_bound or self.data.get(self.add_prefix(name)) == value

    @property
    def all_waits(self) -> bool:
        """Whether nothing of it takes effect before the next start."""
        hints = [hint for hint in self.hints.values() if not hint.why_not]
        return bool(hints) and all(hint.waits for hint in hints)

    def as_entered(self) -> dict[str, Any]:
        """What the browser sent."""
        return {
            self.add_prefix(name): field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def as_changed(self) -> dict[str, Any]:
        """The same, only of what is not as it was."""
        changed = {self.add_prefix(name) for name in self.changed_data}
        return {name: value for name, value in self.as_entered().items() if name in changed}

    def _hint_at_what_can_be_changed(self) -> None:
        for part, probe in self.probes().items():
            name = self.FIELDS[part]
            hint = self._hint(part, probe)
            self.hints[name] = hint
            if hint.why_not:
                self.fields[name].disabled = True
                self.fields[name].help_text = hint.why_not

    def _hint(self, part: Part, probe: Probe) -> Hint:
        before, live = self.edited.hardware, self.edited.live
        plans = (plan(before, after, live) for after in probe(before))
        found = [change for changes in plans for change in changes if change.part is part and change.device == self.key]
        possible = [change.when for change in found if change.when is not When.NEVER]
        if possible:
            return Hint(waits=When.NOW not in possible)
        reasons = [str(labels.HINDRANCE[change.hindrance]) for change in found if change.hindrance]
        return Hint(why_not=reasons[0] if reasons else "")

    def _show(self, entered: AsEntered) -> None:
        for name, field in self.fields.items():
            if self.add_prefix(name) in entered and not field.disabled:
                self.initial[name] = entered[self.add_prefix(name)]
