from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import pgettext_lazy

from vms.models import BackupTarget, Vm
from vms.operations.planning import MIB
from vms.web.forms.limit import LimitForm
from vms.web.lists.backups import CHANGES, WHOLE


class BackUpForm(LimitForm):
    """Where a machine is backed up to, and how. What makes no difference for it is not asked."""

    target = forms.TypedChoiceField(
        label=pgettext_lazy("form field: where a backup is kept", "Target"), coerce=int, widget=forms.RadioSelect
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("form field: of a backup", "What is copied"),
        choices=[
            (CHANGES, pgettext_lazy("choice: of a backup", "What has changed since the last one")),
            (WHOLE, pgettext_lazy("choice: of a backup", "All that is on the disks")),
        ],
        initial=CHANGES,
        widget=forms.RadioSelect,
    )
    freezes = forms.BooleanField(
        label=pgettext_lazy("form field: of a backup", "Hold its file systems still for a moment"),
        help_text=pgettext_lazy(
            "help of a form field",
            "The guest agent has everything written to the disks first, so that they are complete in the backup.",
        ),
        initial=True,
        required=False,
    )
    with_memory = forms.BooleanField(
        label=pgettext_lazy("form field: of a backup", "Back up its memory too"),
        help_text=pgettext_lazy(
            "help of a form field",
            "The guest is paused while its memory is written to a file. Restored with it, it goes on where it was. "
            "Such a backup is always whole, and so is the next one.",
        ),
        required=False,
    )

    def __init__(self, vm: Vm, targets: Sequence[BackupTarget], data: Mapping[str, Any] | None = None) -> None:
        """targets: those that its node has, the best first."""
        super().__init__(data)
        self._targets = {each.pk: each for each in targets}
        self.fields["target"].choices = [(each.pk, each.name) for each in targets]  # type: ignore[attr-defined]
        self.initial["target"] = targets[0].pk if targets else None
        self.fields["limit"].label = pgettext_lazy("form field: of a backup", "Speed, at most, in MiB/s")
        self.fields["limit"].help_text = pgettext_lazy(
            "help of a form field",
            "Of each disk. Empty for what was set for the target, 0 for no limit. It can be changed on the way.",
        )
        if not vm.guest_is_on:
            del self.fields["with_memory"]
        if not (vm.guest_is_on and vm.has_agent_channel):
            del self.fields["freezes"]

    # Only when it is valid

    @property
    def chosen(self) -> BackupTarget:
        return self._targets[self.cleaned_data["target"]]

    @property
    def is_whole(self) -> bool:
        return bool(self.cleaned_data["kind"] == WHOLE)

    @property
    def asked_limit(self) -> int | None:
        """In bytes per second, 0 for none; None for that of the target."""
        entered = self.cleaned_data["limit"]
        return None if entered is None else int(entered) * MIB
