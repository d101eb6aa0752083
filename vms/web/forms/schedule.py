"""When which machines are backed up, as somebody fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import BackupSchedule, BackupTarget, Vm
from vms.operations.schedules import ScheduleOrder
from vms.rules.backups import Covers, Retention, Rhythm, Schedule
from vms.rules.names import LONGEST_NAME
from vms.web import formats

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

SPREADS = (0, 15, 30, 60, 120, 240, 480)
"""Minutes to choose from."""
MOST_KEPT, LONGEST_CHAIN, MOST_DAYS, DAYS_OF_A_MONTH, SUNDAY = 999, 365, 3650, 31, 6
NO_DAY = _("Enter a day of the month, 1 to 31.")
SPANS = ("last", "daily", "weekly", "monthly")


def _kept_field(label: StrPromise) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST_KEPT)


class TimesForm(forms.Form):
    """What can be told of a schedule while it is still being filled in."""

    rhythm = forms.ChoiceField(
        label=pgettext_lazy("form field: of a schedule", "How often"),
        choices=[(each.value, words) for each, words in labels.RHYTHM.items()],
        widget=forms.RadioSelect,
    )
    time = forms.TimeField(
        label=pgettext_lazy("form field: of a schedule", "At"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 60}),
        error_messages={"required": _("Enter a time of day."), "invalid": _("Enter a time of day, such as 02:30.")},
    )
    weekday = forms.TypedChoiceField(
        label=pgettext_lazy("form field: of a schedule", "On"), coerce=int, choices=list(WEEKDAYS.items())
    )
    day = forms.IntegerField(
        label=pgettext_lazy("form field: of a schedule", "On day"),
        min_value=1,
        max_value=DAYS_OF_A_MONTH,
        help_text=_("1 to 31. A month that is shorter has its turn on its last day."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NO_DAY),
    )
    keep_last = _kept_field(pgettext_lazy("form field: how many backups are kept", "The last ones"))
    keep_daily = _kept_field(pgettext_lazy("form field: how many backups are kept", "Days"))
    keep_weekly = _kept_field(pgettext_lazy("form field: how many backups are kept", "Weeks"))
    keep_monthly = _kept_field(pgettext_lazy("form field: how many backups are kept", "Months"))

    def clean(self) -> dict[str, Any]:
        """What is not shown for this rhythm is not wrong, either."""
        for name, rhythm, usual in (("weekday", Rhythm.WEEKLY, SUNDAY), ("day", Rhythm.MONTHLY, 1)):
            if name in self.errors and self.cleaned_data.get("rhythm") != rhythm:
                del self.errors[name]
                self.cleaned_data[name] = usual
        return self.cleaned_data

    # Only when it is valid

    @property
    def times(self) -> Schedule:
        values = self.cleaned_data
        at: time = values["time"]
        return Schedule(Rhythm(values["rhythm"]), at.hour, at.minute, values["weekday"], values["day"])

    @property
    def keep(self) -> Retention:
        return Retention(*(self.cleaned_data[f"keep_{span}"] for span in SPANS))


class MachinesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # it takes none when it runs
    """Machines that are there now. One that was deleted since the page was made is left out."""

    def __init__(self, label: StrPromise) -> None:
        machines = Vm.objects.all().to_back_up().select_related("node").order_by(Lower("display_name"), "pk")
        super().__init__(machines, label=label, required=False)

    def clean(self, value: Any) -> Any:
        there = {str(key) for key in Vm.objects.all().to_back_up().values_list("pk", flat=True)}
        return super().clean([key for key in value or [] if key in there])


class ScheduleForm(TimesForm):
    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=LONGEST_NAME,
        strip=True,
        help_text=_("What people call it, for example Every night."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    covers = forms.ChoiceField(
        label=pgettext_lazy("form field: which machines a schedule backs up", "Which machines"),
        choices=[(each.value, words) for each, words in labels.COVERS.items()],
        widget=forms.RadioSelect,
    )
    machines = MachinesField(pgettext_lazy("form field: machines of a schedule", "These are backed up"))
    excluded = MachinesField(pgettext_lazy("form field: machines of a schedule", "These are left out"))
    target = forms.ModelChoiceField(
        BackupTarget.objects.all(),
        label=pgettext_lazy("form field: where backups go", "Target"),
        empty_label=None,
    )
    spread = forms.TypedChoiceField(
        label=pgettext_lazy("form field: of a schedule", "Distribute the machines"),
        coerce=int,
        help_text=_("So that nodes and storage are not busy with all of them at once."),
    )
    longest_chain = forms.IntegerField(
        label=pgettext_lazy("form field: of a schedule", "Backups of changes, one after the other"),
        min_value=0,
        max_value=LONGEST_CHAIN,
        help_text=_(
            "So many copy only what has changed since the one before, then one copies everything again. 0: each copies "
            "everything."
        ),
    )
    with_memory = forms.BooleanField(
        label=pgettext_lazy("form field: of a schedule", "With the memory of machines that run"),
        required=False,
        help_text=_(
            "Restored with it, a guest goes on where it was. While its memory is written to the target, it is paused. "
            "Such backups are always whole."
        ),
    )
    check_every = forms.IntegerField(
        label=pgettext_lazy("form field: of a schedule", "Verify again after so many days"),
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_(
            "Each backup is verified as soon as it has been made. Its files are read again after so many days, to find "
            "out in time if something has happened to them. 0: never again."
        ),
    )

    def __init__(self, schedule: BackupSchedule | None, data: Mapping[str, Any] | None = None) -> None:
        """schedule: the one that is changed, None if it is to be added."""
        super().__init__(data, initial=_as_it_is(schedule or BackupSchedule()))
        spreads = sorted({*SPREADS, self.initial["spread"]})
        cast(forms.ChoiceField, self.fields["spread"]).choices = [(each, spread_text(each)) for each in spreads]

    def fill_in(self, entered: QueryDict) -> None:
        """What somebody has entered so far, without a word about what is wrong with it."""
        for name, field in self.fields.items():
            self.initial[name] = field.widget.value_from_datadict(entered, MultiValueDict(), name)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("covers") == Covers.CHOSEN and not values.get("machines"):
            self.add_error("machines", str(labels.SCHEDULE_NEEDS_MACHINES))
        return values

    # Only when it is valid

    @property
    def order(self) -> ScheduleOrder:
        """Machines that were ticked for another choice than the one that was made are left out."""
        values = self.cleaned_data
        chosen = values["covers"] == Covers.CHOSEN
        return ScheduleOrder(
            name=values["name"],
            target=values["target"],
            times=self.times,
            keep=self.keep,
            covers=Covers(values["covers"]),
            machines=tuple(values["machines"]) if chosen else (),
            excluded=() if chosen else tuple(values["excluded"]),
            spread=values["spread"],
            longest_chain=values["longest_chain"],
            with_memory=values["with_memory"],
            check_every=values["check_every"],
        )


def spread_text(minutes: int) -> str:
    if not minutes:
        return str(labels.SPREAD_NOT)
    return str(labels.SPREAD_OVER) % {"duration": formats.span(60 * minutes)}


def _as_it_is(schedule: BackupSchedule) -> dict[str, Any]:
    same = (
        *("name", "covers", "rhythm", "weekday", "day", "spread", "longest_chain", "with_memory", "check_every"),
        *(f"keep_{span}" for span in SPANS),
    )
    kept = {name: getattr(schedule, name) for name in same}
    of_machines = {"machines": [], "excluded": []} if schedule.pk is None else _machines_of(schedule)
    return {**kept, **of_machines, "target": schedule.target_id, "time": time(schedule.hour, schedule.minute)}


def _machines_of(schedule: BackupSchedule) -> dict[str, list[Any]]:
    chosen, excluded = schedule.machines, schedule.excluded
    return {
        "machines": list(chosen.values_list("pk", flat=True)),
        "excluded": list(excluded.values_list("pk", flat=True)),
    }
