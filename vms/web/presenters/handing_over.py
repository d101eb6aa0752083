"""The question before a guest is handed over early: what it brings, and what it risks."""

from __future__ import annotations

from django.urls import reverse

from vms import labels
from vms.models import Operation
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.deleting import Fates
from vms.web.presenters.journeys import may_be_handed_over


def hand_over_question(operation: Operation, *, next_url: str) -> Confirmation:
    """next_url: where the answer leads back to."""
    return Confirmation(
        title=_said(labels.POST_COPY_TITLE, operation),
        text=str(labels.POST_COPY_MEANS),
        points=[str(labels.POST_COPY_RISK)],
        disks=Fates(),
        label=str(labels.POST_COPY_BUTTON),
        danger=True,
        url=reverse("operations:post_copy", args=[operation.pk]),
        cancel_url=next_url,
        key=None,
        refused="" if may_be_handed_over(operation) else too_late(operation),
        next_url=next_url,
    )


def is_handed_over(operation: Operation) -> str:
    """A sentence."""
    return _said(labels.POST_COPY_ASKED, operation)


def too_late(operation: Operation) -> str:
    """A sentence."""
    return _said(labels.POST_COPY_TOO_LATE, operation)


def _said(words: object, operation: Operation) -> str:
    return str(words) % {"vm": operation.vm.display_name}
