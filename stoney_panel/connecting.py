"""What people do, told to machines and the other way round, as neither of them knows the other."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from directory import visits
from directory.models import Person
from directory.signals import people_changed
from stoney_panel.addresses import whereabouts
from vms.operations.announcing import announce


@receiver(user_logged_in)
def _visit_begins(request: HttpRequest, user: Person, **_more: Any) -> None:
    if not request.session.session_key:  # as after another person's session in the same browser
        request.session.create()
    visits.begin(user, str(request.session.session_key), **whereabouts(request))


@receiver(user_logged_out)
def _visit_ends(request: HttpRequest, **_more: Any) -> None:
    visits.forget(request.session.session_key or "")


@receiver(people_changed)
def _say_that_people_changed(**_more: Any) -> None:
    announce(("people", ""))
