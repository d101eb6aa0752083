"""The columns of the lists of machines: those of the document, and those that people may choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat, Lower, NullIf
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stoney_panel.lists.page import ColumnKind, ListKind
from vms import labels
from vms.models import Interface, Tag
from vms.models.viewer import Viewer
from vms.models.vm import VmQuerySet
from vms.rules.kinds import Kind
from vms.rules.status import Main
from vms.web.lists.for_people import list_for

PAGE_OF: Mapping[Kind, str] = {Kind.VM: "vms", Kind.TEMPLATE: "templates"}
"""Under which name a person's views and columns of a list are kept."""

URL_OF: Mapping[str, str] = {"vms": "vms:list", "templates": "vms:templates"}

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
DEFAULT = ("memory", "node", "action")


def known_columns(keys: Iterable[object], person: Viewer) -> tuple[str, ...]:
    """Those of the keys that this person can choose, in the order of the list."""
    asked, columns = set(map(str, keys)), list_for(person, LIST).columns
    return tuple(key for key in OPTIONAL if key in asked and key in columns)


def with_columns(machines: VmQuerySet, shown: Collection[str]) -> VmQuerySet:
    """Each machine with what these columns show of it: one query more for tags, one for addresses."""
    needed = {"tags": "tags", "addresses": "interfaces"}
    return machines.prefetch_related(*(relation for key, relation in needed.items() if key in shown))
