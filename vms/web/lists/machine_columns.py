"""The columns of the lists of machines: those of the document, and those that people may choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat, Lower, NullIf
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stoney_panel.lists.page import ColumnKind, ListKind
from vms import labels
from vms.labels import dynamic as words
from vms.models import Interface, Tag
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.rules.kinds import Kind
from vms.rules.status import Main
from vms.web.lists.for_people import list_for
from vms.web.requests import list_of

PAGE_OF: Mapping[Kind, str] = {Kind.VM: "vms", Kind.DYNAMIC: "dynamic", Kind.TEMPLATE: "templates"}
"""Under which name a person's views and columns of a list are kept. Golden images stand on the pages of their pools."""

KIND_OF: Mapping[str, Kind] = {page: kind for kind, page in PAGE_OF.items()}
URL_OF: Mapping[str, str] = {page: list_of(kind) for page, kind in KIND_OF.items()}

_rank = Case(
    *(When(main=main.value, then=Value(number)) for number, main in enumerate(Main)),
    default=Value(len(Main)),
    output_field=IntegerField(),
)
_first_tag = Tag.objects.filter(vms=OuterRef("pk")).order_by("name").values(first=Lower("name"))[:1]
_addresses = Interface.objects.filter(vm=OuterRef("pk")).exclude(addresses=[]).order_by("position")
_first_address = _addresses.values(first=Cast("addresses", TextField()))[:1]

LIST = ListKind(
    columns={
        "name": ColumnKind(_("Name"), Lower("display_name")),
        "status": ColumnKind(_("Status"), Concat(Cast(_rank + Value(10), TextField()), Value(" "), "second")),
        "run": ColumnKind(labels.RUN_ACTION),
        "memory": ColumnKind(_("Memory"), "memory", "num"),
        "vcpus": ColumnKind(pgettext_lazy("column", "vCPUs"), "vcpus", "num"),
        "node": ColumnKind(_("Node"), Lower("node__name")),
        "pool": ColumnKind(words.POOL, Lower("pool__name")),
        "assigned": ColumnKind(words.ASSIGNED_TO, Lower("assigned_to__username")),
        "image": ColumnKind(words.GOLDEN_IMAGE, Lower("origin__display_name")),
        "tags": ColumnKind(pgettext_lazy("column", "Tags"), Subquery(_first_tag)),
        # Translators: the operating system of a machine.
        "os": ColumnKind(pgettext_lazy("column", "OS"), NullIf(Lower("os_name"), Value(""))),
        "addresses": ColumnKind(pgettext_lazy("column: IP addresses", "Addresses"), Subquery(_first_address)),
        "uptime": ColumnKind(
            pgettext_lazy("column: for how long a machine is on", "Uptime"), F("started_at"), flipped=True
        ),
        "since": ColumnKind(pgettext_lazy("column: since when it has its status", "Status since"), "status_since"),
        "backup": ColumnKind(pgettext_lazy("column: when it was made", "Last good backup"), F("last_backup_at"), "num"),
        "action": ColumnKind(labels.OTHER_ACTION),
    },
    search=(),
    default="name",
)

ALWAYS = ("name", "status", "run")
OPTIONAL = tuple(key for key in LIST.columns if key not in ALWAYS)
USUAL = ("memory", "node", "action")
USUAL_OF: Mapping[Kind, tuple[str, ...]] = {Kind.DYNAMIC: ("node", "pool", "assigned", "image", "action")}
"""Instead, where machines of this kind are listed."""

_SAYS_NOTHING_OF: Mapping[str, frozenset[Kind]] = {
    "assigned": frozenset(Kind) - {Kind.DYNAMIC},
    "image": frozenset(Kind) - {Kind.DYNAMIC},
    "backup": frozenset({Kind.DYNAMIC, Kind.GOLDEN_IMAGE}),
}
IMAGE_NAME = "image_name"


def machine_list(kind: Kind, person: Viewer) -> ListKind:
    """The list of these machines, with the columns that tell this person something."""
    nothing = {key for key, kinds in _SAYS_NOTHING_OF.items() if kind in kinds}
    columns = {key: column for key, column in LIST.columns.items() if key not in nothing}
    return list_for(person, replace(LIST, columns=columns))


def usual_columns(kind: Kind) -> tuple[str, ...]:
    return USUAL_OF.get(kind, USUAL)


def known_columns(keys: Iterable[object], kind: Kind, person: Viewer) -> tuple[str, ...]:
    """Those of the keys that this person can choose, in the order of the list."""
    asked, columns = set(map(str, keys)), machine_list(kind, person).columns
    return tuple(key for key in OPTIONAL if key in asked and key in columns)


def with_columns(machines: VmQuerySet, shown: Collection[str]) -> VmQuerySet:
    """Each machine with what these columns show of it: one query more for tags, one for addresses."""
    needed = {"tags": "tags", "addresses": "interfaces"}
    joined = {"pool": "pool", "assigned": "assigned_to"}
    machines = machines.select_related("node", *(relation for key, relation in joined.items() if key in shown))
    if "image" in shown:
        machines = machines.annotate(**{IMAGE_NAME: F("origin__display_name")})
    return machines.prefetch_related(*(relation for key, relation in needed.items() if key in shown))
