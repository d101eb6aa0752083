"""The whole table of states and actions, for reading."""

from __future__ import annotations

from dataclasses import dataclass

from vms import labels
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import COLUMNS, Verdict, verdict
from vms.rules.status import all_statuses
from vms.web.presenters.statuses import LOOK, status_text
from vms.web.presenters.tips import state_key


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """reason: the id of why it is off, "" if it is on."""

    on: bool
    restricted: bool
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """id: what tool-tips lead to."""

    id: str
    status: str
    look: str
    cells: list[MatrixCell]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: list[str]
    rows: list[MatrixRow]


def matrix(kind: Kind, mode: Mode | None) -> Matrix:
    return Matrix(
        columns=[str(labels.ACTION[action]) for action in COLUMNS[kind]],
        rows=[
            MatrixRow(
                id=f"{kind}-{state_key(status)}",
                status=status_text(kind, status, mode),
                look=LOOK[status.main],
                cells=[_cell(action, verdict(kind, status, mode, action)) for action in COLUMNS[kind]],
            )
            for status in all_statuses(kind)
        ],
    )


def _cell(action: Action, answer: Verdict) -> MatrixCell:
    return MatrixCell(answer.allowed, answer.restricted, str(labels.ACTION[action]), answer.reason or "")
