"""What people are told about who do not know people."""

from django.dispatch import Signal

people_changed = Signal()
"""Somebody's role, groups or way in has changed, so what they may see and do may have as well. Said within the
transaction of the change."""
