"""Local accounts, as administrators fill them in."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms.boundfield import BoundWidget
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directory import labels
from directory.changing import About, create
from directory.models import Person
from directory.models.person import LONGEST_NAME
from directory.roles import Role

rules_of_passwords = lazy(lambda: " ".join(password_validators_help_texts()), str)
RULES_OF_PASSWORDS: str = rules_of_passwords()  # type: ignore[no-untyped-call]  # in each reader's language
NAME_IS_TAKEN = _("There is an account of this name already.")


class _AboutForm(forms.Form):
    full_name = forms.CharField(label=pgettext_lazy("form field", "Full name"), max_length=LONGEST_NAME, required=False)
    email = forms.EmailField(label=pgettext_lazy("form field", "E-mail address"), required=False)
    role = forms.ChoiceField(
        label=pgettext_lazy("form field", "Role"),
        choices=lambda: [(role.value, labels.ROLE[role]) for role in reversed(Role)],
        widget=forms.RadioSelect,
    )

    def roles(self) -> list[tuple[BoundWidget, Promise]]:
        """A button for each, and what it means."""
        return [(button, labels.ROLE_SAYS[Role(str(button.data["value"]))]) for button in self["role"]]

    def about(self) -> About:
        given = self.cleaned_data
        return About(given["full_name"], given["email"], Role(given["role"]))


class EditForm(_AboutForm):
    """Somebody who has an account."""


class NewPasswordForm(forms.Form):
    """A password that somebody else chooses for a person, who may change it afterwards."""

    password = forms.CharField(
        label=pgettext_lazy("form field", "Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=RULES_OF_PASSWORDS,
    )

    def __init__(self, data: object = None, *, person: Person | None = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict, or nothing
        self.person = person

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.person)
        return password


class NewPersonForm(_AboutForm):
    """Somebody who gets a local account."""

    username = forms.CharField(
        label=pgettext_lazy("form field", "User name"),
        help_text=_("What this person logs in with. It stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=pgettext_lazy("form field", "First password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=RULES_OF_PASSWORDS,
    )
    field_order = ("username", "full_name", "email", "role", "password")

    def clean_username(self) -> str:
        name = Person.normalize_username(str(self.cleaned_data["username"]))
        Person.check_username(name)
        if Person.objects.filter(username__iexact=name).exists():
            raise ValidationError(NAME_IS_TAKEN)
        return name

    def clean(self) -> None:
        given = self.cleaned_data
        if "password" in given:
            likeness = Person(**{key: given.get(key, "") for key in ("username", "full_name", "email")})
            self._require_good(given["password"], likeness)

    def save(self) -> Person | None:
        """Only when it is valid. None if somebody else has just taken the name, and the form says so."""
        given = self.cleaned_data
        try:
            return create(given["username"], self.about(), given["password"])
        except IntegrityError:
            self.add_error("username", NAME_IS_TAKEN)
        return None

    def _require_good(self, password: str, likeness: Person) -> None:
        try:
            validate_password(password, likeness)
        except ValidationError as error:
            self.add_error("password", error)
