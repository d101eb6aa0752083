"""What somebody asked to be changed of a machine, in words, from what is remembered of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from vms import labels
from vms.models import Operation
from vms.rules.differences import Change, Part
from vms.rules.edits import EditOrder, known_by
from vms.rules.kinds import Mode
from vms.web.presenters.changes import change_lines


def text_of_changes(operation: Operation, chosen: Collection[Sequence[str]]) -> str:
    """Of an edit. chosen: what known_by() gave of those that are meant."""
    order = EditOrder.from_arguments(operation.arguments)
    meant = {tuple(each) for each in chosen}
    changes = [change for change in order.changes if _name(change) in meant]
    return "; ".join(line.text for line in change_lines(changes, order.before, order.after))


def _name(change: Change) -> tuple[str, ...]:
    return known_by([change])[0]


def short_words_of_edit(values: Mapping[str, Any]) -> str:
    """What EditOrder.in_short() gave: the name and the mode that it became, and the parts, without what is in them."""
    pairs = [_pair(what, *values[what]) for what in labels.AUDIT_EDIT if what in values]
    return ", ".join([*pairs, *(_part(change) for change in values["changes"])])


def _pair(what: str, was: str, becomes: str) -> str:
    named = {"was": was, "becomes": becomes}
    if what == "mode":
        named = {name: str(labels.MODE[Mode(code)] if code else labels.MODE_MISSING) for name, code in named.items()}
    return str(labels.AUDIT_EDIT[what]) % named


def _part(change: Mapping[str, str]) -> str:
    part, device = str(labels.PART[Part(change["part"])]), change["device"]
    return str(labels.AUDIT_PART_OF_DEVICE) % {"part": part, "device": device} if device else part
