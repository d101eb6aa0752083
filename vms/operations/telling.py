"""What happened without the panel: told in the past of a machine or node, and in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from vms.models import AuditLine, Event, Node, Vm
from vms.operations.auditing import about_node, about_vm, keep, line_of
from vms.rules.audit import Outcome
from vms.rules.timeline import What

Told = tuple[Event, AuditLine]


def tell(what: What, about: Vm | Node, values: Mapping[str, object] | None = None) -> None:
    vm = about if isinstance(about, Vm) else None
    node = about.node_id if isinstance(about, Vm) else about.pk
    event = Event(what=what, vm=vm, node_id=node, values=dict(values or {}))
    subject = about_vm(about) if isinstance(about, Vm) else about_node(about)
    line = line_of(what, subject, Outcome.SEEN, by=None, values=event.values)
    line.by_panel = False
    gathered = _gathered.get()
    if gathered is None:
        _write([(event, line)])
    else:
        gathered.append((event, line))


@contextmanager
def told_together() -> Iterator[None]:
    """What is told in this block is written at its end, in two queries however much it is."""
    gathered: list[Told] = []
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    if gathered:
        _write(gathered)


_gathered: ContextVar[list[Told] | None] = ContextVar("_gathered", default=None)


def _write(told: Sequence[Told]) -> None:
    Event.objects.bulk_create([event for event, _line in told])
    keep([line for _event, line in told])
