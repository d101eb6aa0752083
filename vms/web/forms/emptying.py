from __future__ import annotations

from django import forms
from django.utils.translation import pgettext_lazy

from vms.operations.emptying import Manner
from vms.web.forms.migrating import MannerForm

MOST_AT_ONCE, USUAL_AT_ONCE = 16, 2


class EmptyingForm(MannerForm):
    """How the machines of a node are to leave it."""

    at_once = forms.IntegerField(
        label=pgettext_lazy("form field: emptying a node", "Migrations at once"),
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=USUAL_AT_ONCE,
        help_text=pgettext_lazy(
            "help of a form field",
            "More at once share the same network, and each takes longer. The panel has a limit of its own for each "
            "node, which is kept as well.",
        ),
    )
    field_order = ("at_once", "limit", "converges", "post_copy")

    # Only when it is valid

    @property
    def manner(self) -> Manner:
        values = self.cleaned_data
        return Manner(values["at_once"], self.bytes_per_second, values["converges"], values["post_copy"])
