"""What a list of operations is narrowed down to, as chips that can be taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext

from stoney_panel.lists.address import Address
from vms import labels
from vms.web.lists.operation_nodes import NODE, WAY, Narrowed, Way
from vms.web.presenters.facets import SET, Chip, FilterBar

WORDS: Mapping[Way, Promise] = {Way.ARRIVING: labels.OPERATIONS_ARRIVING, Way.LEAVING: labels.OPERATIONS_LEAVING}


def operation_filters(asked: Narrowed, address: Address) -> FilterBar:
    return FilterBar(pills=[], menus=[], chips=list(_chips(asked, address)), clear_url=address.without(NODE, WAY))


def _chips(asked: Narrowed, address: Address) -> Iterator[Chip]:
    if asked.node:
        yield Chip(str(SET) % {"question": gettext("Node"), "answer": asked.node}, address.without(NODE, WAY))
    if asked.way:
        yield Chip(str(WORDS[asked.way]), address.without(WAY))
