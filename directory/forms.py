from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directory import labels
from directory.health import failed_lately


class LoginForm(AuthenticationForm):
    """Says, to everybody alike, when the directory could not be asked: an answer tells nothing about a name."""

    def get_invalid_login_error(self) -> ValidationError:
        if failed_lately():
            return ValidationError([super().get_invalid_login_error(), str(labels.DIRECTORY_DOES_NOT_ANSWER)])
        return super().get_invalid_login_error()


class CheckForm(forms.Form):
    """Whose way into the panel is tried."""

    name = forms.CharField(label=pgettext_lazy("form field", "User name"), max_length=150, strip=True)
    password = forms.CharField(
        label=pgettext_lazy("form field", "Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Only to try it as well. It is neither kept nor written down."),
    )
