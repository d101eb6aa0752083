"""Sentences of Django that the panel's forms can show.

They stand here, letter by letter, so that the panel's catalogues have them. Those win over Django's own, which address
people informally in some languages.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

OF_DJANGO = (
    _("Please enter a correct %(username)s and password. Note that both fields may be case-sensitive."),
    _("This field is required."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("Select a valid choice. That choice is not one of the available choices."),
    _("Enter a whole number."),
    _("Ensure this value is greater than or equal to %(limit_value)s."),
    _("Ensure this value is less than or equal to %(limit_value)s."),
)
COUNTED_OF_DJANGO = ngettext_lazy(
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    "limit_value",
)
