from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 10_000


class NotesForm(forms.Form):
    """What people want to remember about a machine: plain text."""

    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
