"""A sentence of Django that the panel translates anew is still, letter by letter, one of Django's."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator

from stoney_panel.words.of_django import COUNTED_OF_DJANGO, OF_DJANGO


def test_they_are_those_of_django() -> None:
    assert set(OF_DJANGO) == {
        AuthenticationForm.error_messages["invalid_login"],
        forms.Field.default_error_messages["required"],
        forms.ChoiceField.default_error_messages["invalid_choice"],
        forms.ModelChoiceField.default_error_messages["invalid_choice"],
        forms.IntegerField.default_error_messages["invalid"],
        MinValueValidator.message,
        MaxValueValidator.message,
    }
    values = {"limit_value": 2, "show_value": 3}
    assert COUNTED_OF_DJANGO % values == MaxLengthValidator.message % values
