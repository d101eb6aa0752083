"""The filters of the list of nodes, each with how many it would show."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from stoney_panel.lists.address import Address
from vms.models import Node
from vms.rules.duty import Duty
from vms.web.presenters.facets import Facet

SHOWN: Mapping[str, Q] = {
    "all": Q(),
    "active": Q(duty=Duty.ACTIVE, reachable=True),
    "maintenance": Q(duty=Duty.MAINTENANCE),
    "unreachable": Q(reachable=False),
}
WORDS: Mapping[str, Promise] = {
    "all": pgettext_lazy("filter of nodes", "All"),
    # Translators: these nodes can be reached, and new machines can be made there.
    "active": pgettext_lazy("filter of nodes", "Active"),
    "maintenance": pgettext_lazy("filter of nodes", "Maintenance"),
    "unreachable": pgettext_lazy("filter of nodes", "Unreachable"),
}
ALL = "all"
ALERT = "unreachable"


def node_facets(nodes: QuerySet[Node], shown: str, address: Address) -> list[Facet]:
    """nodes: those that were searched for. One query."""
    counts = nodes.order_by().aggregate(
        **{key: Count("pk", filter=condition or None) for key, condition in SHOWN.items()}
    )
    return [
        Facet(
            str(WORDS[key]), counts[key], address.changed(show=None if key == ALL else key), key == shown, key == ALERT
        )
        for key in SHOWN
    ]
