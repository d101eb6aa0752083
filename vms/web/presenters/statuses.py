"""A machine's status in words and looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from vms import labels
from vms.models import Operation, Vm
from vms.models.viewer import Viewer
from vms.rules.actions import Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason
from vms.rules.progress import Phase
from vms.rules.status import Main, Second, Status
from vms.web import formats
from vms.web.presenters.doubles import double_note
from vms.web.presenters.hiding import node_name
from vms.web.presenters.holding import Holder, holders
from vms.web.presenters.operations import how_far
from vms.web.presenters.pool_facts import state_of_image
from vms.web.presenters.tips import state_key

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

ANY_MOMENT = "@moment@"
DIFFERENT_CELLS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class StatusView:
    """In the reader's language. text: the document's words; percent_text: "[5.1 %]" or ""; percent: 0 to 100. state:
    its row in the table of states, mode: which of those tables; waits: that changes wait for the next start, or "";
    holders: what is under way."""

    text: str
    look: str
    percent_text: str
    percent: float | None
    note: str
    mode_label: str
    state: str
    mode: str
    waits: str
    holders: tuple[Holder, ...]


def status_view(vm: Vm, viewer: Viewer) -> StatusView:
    """vm: from with_operations_under_way()."""
    status, mode = vm.status, _mode_of(vm)
    percent = _percent(vm, status)
    return StatusView(
        text=status_text(Kind(vm.kind), status, mode),
        look=LOOK[status.main],
        percent_text=_percent_text(vm, status, percent),
        percent=percent,
        note=" ".join(part for part in (double_note(vm, viewer), _note(vm, status, viewer)) if part),
        mode_label=_mode_label(vm, status, mode),
        state=state_key(status),
        mode=vm.mode,
        waits=str(labels.CHANGES_WAIT) if vm.changes_wait else "",
        holders=holders(vm, viewer),
    )


def status_words(vm: Vm) -> str:
    """The status with its percentage, and no more. vm: from with_operations_under_way()."""
    status = vm.status
    percent = _percent_text(vm, status, _percent(vm, status))
    return f"{status_text(Kind(vm.kind), status, _mode_of(vm))} {percent}".strip()


def status_cell(view: StatusView, since: datetime) -> SafeString:
    """The status as HTML. Most machines share theirs with many others, so it is rendered once for each kind of view,
    and since when it is so is put in afterwards."""
    return mark_safe(_rendered(view).replace(ANY_MOMENT, str(int(since.timestamp()))))  # noqa: S308 -- a number in what a template escaped


@lru_cache(DIFFERENT_CELLS_KEPT)
def _rendered(view: StatusView) -> str:
    return render_to_string("components/status.html", {"status": view, "since": ANY_MOMENT}).strip()


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
    if vm.kind == Kind.GOLDEN_IMAGE:
        return "" if status.second else state_of_image(vm)
    if vm.kind != Kind.TEMPLATE or mode is Mode.READY_FOR_USE:
        return ""
    said_already = status.second is None and _mode_is_part_of_the_text(status, mode)
    return "" if said_already else str(labels.MODE[mode or Mode.DO_NOT_USE])


def _percent(vm: Vm, status: Status) -> float | None:
    job = next((operation for operation in vm.under_way if operation.slot == Slot.JOB), None)
    return job.percent if job and status.second else None


def _percent_text(vm: Vm, status: Status, percent: float | None) -> str:
    """The user's document names it for a streaming VM, and not for the template that it streams from."""
    is_its_own = status.second in {Second.CREATING, Second.RESTORING}
    named = is_its_own or (status.second is Second.STREAMING and vm.kind == Kind.VM)
    return formats.percent(percent) if named and percent is not None else ""


def _note(vm: Vm, status: Status, viewer: Viewer) -> str:
    """One muted line: what is wrong, or what is being waited for."""
    if status.main is Main.UNKNOWN:
        return _why_unknown(vm, node_name(vm.node, viewer))
    if status.main in {Main.CRASHED, Main.PAUSED}:
        return _why_down(vm)
    if status.main is Main.FROZEN:
        return str(labels.WATCHDOG_FIRED if vm.watchdog_fired else labels.AGENT_IS_SILENT)
    run = next((operation for operation in vm.under_way if operation.slot == Slot.RUN), None)
    return _waiting_for(run) if run else _going_on(vm)


def _why_unknown(vm: Vm, node: str) -> str:
    if vm.gone_at:
        return str(labels.GONE_SINCE) % {"node": node, "since": formats.clock(vm.gone_at)}
    last = str(labels.LAST_KNOWN) % {
        "state": labels.POWER[Power(vm.power)],
        "since": formats.clock(vm.power_since),
    }
    if vm.node.contact_since is None:
        return last
    lost = str(labels.NODE_LOST_SINCE) % {"node": node, "since": formats.clock(vm.node.contact_since)}
    return f"{lost} {last}"


def _why_down(vm: Vm) -> str:
    if vm.disk_errors:
        first = vm.disk_errors[0]
        return str(labels.DISK_IS_FULL if first["no_space"] else labels.DISK_FAILS) % {"disk": first["disk"]}
    reason = PowerReason(vm.power_reason)
    return str(labels.POWER_REASON[reason]) if reason in labels.POWER_REASON else ""


def _going_on(vm: Vm) -> str:
    """What the job is at, how fast, and for how long still."""
    far = next((how_far(operation) for operation in vm.under_way if operation.slot == Slot.JOB), None)
    return " · ".join(part for part in (far.phase, far.pace) if part) if far else ""


def _waiting_for(run: Operation) -> str:
    phase = Phase(run.phase)
    return "" if phase is Phase.TALKING_TO_NODE else str(labels.PHASE[phase])
