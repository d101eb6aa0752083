"""How a person likes a list of machines: the views they saved and the columns they chose."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db.models import CharField, TextField, Value
from django.db.models.functions import Cast

from vms.models import ChosenColumns, SavedView
from vms.models.viewer import Viewer
from vms.rules.kinds import Kind
from vms.web.lists.machine_columns import PAGE_OF, known_columns, usual_columns


@dataclass(frozen=True, slots=True)
class View:
    pk: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Liking:
    views: list[View]
    columns: tuple[str, ...]


def liking_of(person: Viewer, kind: Kind) -> Liking:
    """Both in one query, because every page of the list asks for them."""
    mine = {"person_id": person.pk, "page": PAGE_OF.get(kind, "")}
    view, columns = Value("view", CharField()), Value("columns", CharField())
    views = SavedView.objects.filter(**mine).order_by().values_list(view, "pk", "name", "query")
    choice = ChosenColumns.objects.filter(**mine).values_list(columns, "pk", "page", Cast("columns", TextField()))
    rows = list(views.union(choice, all=True))
    chosen = next((text for what, _pk, _page, text in rows if what == "columns"), None)
    return Liking(
        views=sorted((View(*row) for what, *row in rows if what == "view"), key=lambda view: view.name.casefold()),
        columns=known_columns(usual_columns(kind) if chosen is None else json.loads(chosen), kind, person),
    )
