"""The panel's own groups."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directory.models import Person

NAME_IS_TAKEN = _("There is a group of this name already.")


class GroupForm(forms.Form):
    """The name of a group. group: the one that is renamed, None for a new one."""

    name = forms.CharField(
        label=pgettext_lazy("form field", "Name"),
        max_length=150,
        help_text=_("Groups of the directory need not be made here: they come by themselves when they get rights."),
    )

    def __init__(self, data: object = None, *, group: Group | None = None) -> None:
        super().__init__(data, initial={"name": group.name if group else ""})  # type: ignore[arg-type]  # a QueryDict
        self.group = group

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = Group.objects.exclude(pk=self.group.pk) if self.group else Group.objects.all()
        if others.filter(name__iexact=name).exists():
            raise ValidationError(NAME_IS_TAKEN)
        return name

    def save(self) -> Group | None:
        """Only when it is valid. None if somebody else has just taken the name, and the form says so."""
        group = self.group or Group()
        group.name = self.cleaned_data["name"]
        try:
            with transaction.atomic():
                group.save()
        except IntegrityError:
            self.add_error("name", NAME_IS_TAKEN)
            return None
        return group


class MemberForm(forms.Form):
    """Who is to be in a group."""

    username = forms.CharField(
        label=pgettext_lazy("form field", "User name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "known-people"}),
    )

    def clean_username(self) -> Person:
        person = Person.objects.filter(username__iexact=self.cleaned_data["username"].strip()).first()
        if person is None:
            raise ValidationError(_("Nobody of this name has an account here."))
        return person
