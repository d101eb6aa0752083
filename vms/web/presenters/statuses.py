"""A machine's status in words and looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from vms import labels
from vms.models import Operation, Vm
from vms.rules.actions import Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Phase
from vms.rules.status import Main, Second, Status
from vms.web import formats

LOOK: Mapping[Main, str] = {
    Main.STOPPED: "stopped",
    Main.STARTING: "busy",
    Main.RUNNING: "running",
    Main.PAUSED: "paused",
    Main.SHUTTING_DOWN: "busy",
    Main.POWERING_OFF: "busy",
    Main.DELETING: "deleting",
    Main.CRASHED: "crashed",
    Main.FROZEN: "frozen",
    Main.UNKNOWN: "unknown",
}

DIFFERENT_CELLS_KEPT = 1024

SECONDS_WITH_PERCENT = frozenset({Second.STREAMING})
"""The document shows a percentage in the status of a streaming VM only; others have theirs beside it."""


@dataclass(frozen=True, slots=True)
class StatusView:
    """In the reader's language. text: the document's words; percent_text: "[5.1 %]" or ""; percent: 0 to 100."""

    text: str
    look: str
    percent_text: str
    percent: float | None
    note: str
    mode_label: str
    tip: str


def status_view(vm: Vm) -> StatusView:
    """vm: from with_operations_under_way()."""
    status, mode = vm.status, _mode_of(vm)
    job = next((operation for operation in vm.under_way if operation.slot == Slot.JOB), None)
    percent = job.percent if job and status.second else None
    return StatusView(
        text=status_text(Kind(vm.kind), status, mode),
        look=LOOK[status.main],
        percent_text=_percent_text(vm, status, percent),
        percent=percent,
        note=_note(vm, status),
        mode_label=_mode_label(vm, status, mode),
        tip=str(labels.MAIN_TIP[status.main]),
    )


def status_cell(view: StatusView) -> SafeString:
    """The status as HTML. Most machines share theirs with many others, so it is rendered once for each kind of view."""
    return _rendered(view)


@lru_cache(DIFFERENT_CELLS_KEPT)
def _rendered(view: StatusView) -> SafeString:
    return render_to_string("components/status.html", {"status": view})


def status_text(kind: Kind, status: Status, mode: Mode | None) -> str:
    """The status in the reader's language, without a percentage."""
    if status.second:
        return _joined(status.main, str(labels.SECOND[status.second]))
    if kind is Kind.TEMPLATE and _mode_is_part_of_the_text(status, mode):
        return _with_mode(status.main, mode or Mode.DO_NOT_USE)
    return str(labels.MAIN[status.main])


def _joined(main: Main, second: str) -> str:
    return str(labels.STATUS_WITH_SECOND) % {"main": labels.MAIN[main], "second": second}


def _mode_is_part_of_the_text(status: Status, mode: Mode | None) -> bool:
    return status.main in {Main.STOPPED, Main.RUNNING} and mode is not Mode.READY_FOR_USE


def _with_mode(main: Main, mode: Mode) -> str:
    if main is Main.STOPPED and mode is Mode.DO_NOT_USE:
        return str(labels.DO_NOT_USE)
    return _joined(main, str(labels.MODE[mode]))


def _mode_of(vm: Vm) -> Mode | None:
    return Mode(vm.mode) if vm.mode else None


def _mode_label(vm: Vm, status: Status, mode: Mode | None) -> str:
    """The mode beside the status, where the status does not say it already."""
    if vm.kind != Kind.TEMPLATE or mode is Mode.READY_FOR_USE:
        return ""
    said_already = status.second is None and _mode_is_part_of_the_text(status, mode)
    return "" if said_already else str(labels.MODE[mode or Mode.DO_NOT_USE])


def _percent_text(vm: Vm, status: Status, percent: float | None) -> str:
    shown = vm.kind == Kind.VM and status.second in SECONDS_WITH_PERCENT and percent is not None
    return formats.percent(percent) if shown and percent is not None else ""


def _note(vm: Vm, status: Status) -> str:
    """One muted line: what is wrong, or what is being waited for."""
    if status.main is Main.UNKNOWN:
        return _why_unknown(vm)
    if status.main in {Main.CRASHED, Main.PAUSED}:
        return _why_down(vm)
    if status.main is Main.FROZEN:
        return str(labels.WATCHDOG_FIRED if vm.watchdog_fired else labels.AGENT_IS_SILENT)
    run = next((operation for operation in vm.under_way if operation.slot == Slot.RUN), None)
    return _waiting_for(run) if run else ""


def _why_unknown(vm: Vm) -> str:
    if vm.gone_at:
        return str(labels.GONE_SINCE) % {"node": vm.node.name, "since": formats.clock(vm.gone_at)}
    last = str(labels.LAST_KNOWN) % {
        "state": labels.POWER[Power(vm.power)],
        "since": formats.clock(vm.power_since),
    }
    if vm.node.contact_since is None:
        return last
    lost = str(labels.NODE_LOST_SINCE) % {"node": vm.node.name, "since": formats.clock(vm.node.contact_since)}
    return f"{lost} {last}"


def _why_down(vm: Vm) -> str:
    if vm.disk_errors:
        first = vm.disk_errors[0]
        return str(labels.DISK_IS_FULL if first["no_space"] else labels.DISK_FAILS) % {"disk": first["disk"]}
    reason = PowerReason(vm.power_reason)
    return str(labels.POWER_REASON[reason]) if reason in labels.POWER_REASON else ""


def _waiting_for(run: Operation) -> str:
    phase = Phase(run.phase)
    return "" if phase is Phase.TALKING_TO_NODE else str(labels.PHASE[phase])
