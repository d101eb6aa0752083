from __future__ import annotations

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directory import labels
from directory.health import failed_lately
from directory.locking import is_locked_out, wait
from directory.models import Person


class LoginForm(AuthenticationForm):
    """Says, to everybody alike, when the directory could not be asked and when to wait: it tells nothing of a name."""

    def get_invalid_login_error(self) -> ValidationError:
        if self.request is not None and is_locked_out(self.request):
            return ValidationError(labels.too_many_tries(wait()))
        if failed_lately():
            return ValidationError([super().get_invalid_login_error(), str(labels.DIRECTORY_DOES_NOT_ANSWER)])
        return super().get_invalid_login_error()


class OwnPasswordForm(PasswordChangeForm):
    """Guessing the old password at somebody's forgotten browser is counted like guessing it at the login."""

    def __init__(self, request: HttpRequest, person: Person, data: QueryDict | None = None) -> None:
        super().__init__(person, data)
        self.request = request
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if authenticate(self.request, username=self.user.get_username(), password=old) == self.user:
            return old
        if is_locked_out(self.request):
            raise ValidationError(labels.too_many_tries(wait()))
        raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")


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
