"""What machines are told apart by beyond their fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import BooleanField, Case, CharField, ExpressionWrapper, F, Q, Value, When
from django.utils import timezone

from vms.rules.kinds import Mode
from vms.rules.power import PAUSED_BY_FAULT

LONGEST_WITHOUT_BACKUP = timedelta(hours=24)

IS_GONE = ExpressionWrapper(Q(gone_at__isnull=False), BooleanField())
STALENESS = Case(
    When(gone_at__isnull=False, then=Value("gone")),
    When(node__reachable=False, then=Value("node")),
    default=Value(""),
    output_field=CharField(),
)


def told_apart() -> Mapping[str, Case]:
    """As of now, and without what their nodes say."""
    return {
        "at_fault": _AT_FAULT,
        "counts_as": _COUNTS_AS,
        "waiting": _IS_WAITING,
        "backed_up": _backed_up(),
        "held": _HELD,
    }


_AT_FAULT = Case(
    When(power_reason__in=PAUSED_BY_FAULT, then=Value(value=True)),
    default=Value(value=False),
    output_field=BooleanField(),
)
_COUNTS_AS = Case(
    When(mode="", then=Value(Mode.DO_NOT_USE.value)),
    default=F("mode"),
    output_field=CharField(),
)
_IS_WAITING = Case(When(changes_wait=True, then=Value("next-start")), default=Value(""), output_field=CharField())
_HELD = Case(When(assigned_at__isnull=False, then=Value("assigned")), default=Value("free"), output_field=CharField())


def _backed_up() -> Case:
    since = timezone.now() - LONGEST_WITHOUT_BACKUP
    return Case(When(last_backup_at__gte=since, then=Value("")), default=Value("missing"), output_field=CharField())
