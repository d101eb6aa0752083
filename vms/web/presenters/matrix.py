"""The whole table of states and actions, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from vms import labels
from vms.labels import dynamic as words
from vms.rules.actions import Action
from vms.rules.kinds import Kind, Mode
from vms.rules.matrix import COLUMNS, Verdict, modes_of, verdict
from vms.rules.status import all_statuses
from vms.web.lists.for_people import EVERY
from vms.web.presenters.facets import Facet
from vms.web.presenters.statuses import LOOK, status_text
from vms.web.presenters.tips import state_key

MODES: Mapping[Kind, Mapping[Mode, Promise]] = {Kind.TEMPLATE: labels.MODE, Kind.GOLDEN_IMAGE: words.IMAGE_STATE}


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
    """Of one kind of machines, in one of its modes if it has some: facets lead to the others."""

    id: str
    title: str
    facets: list[Facet]
    facets_name: str
    columns: list[str]
    rows: list[MatrixRow]

    @property
    def facets_id(self) -> str:
        return f"modes-{self.id}"


def matrix(kind: Kind, asked: str) -> Matrix:
    """asked: a mode; if machines of this kind have modes but not this one, they are ready for use."""
    modes = [mode for mode in modes_of(kind) if mode]
    mode = next((each for each in modes if each == asked), Mode.READY_FOR_USE) if modes else None
    return Matrix(
        id=f"all-{kind}",
        title=str(EVERY[kind]),
        facets=[Facet(str(MODES[kind][each]), None, f"?mode={each}#all-{kind}", each is mode) for each in modes],
        facets_name=str(words.MODES_OF % {"kind": EVERY[kind]}),
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
