"""Free text about machines: names, id, node, tags, notes, guest, addresses, and the status in the reader's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.functional import Promise

from stoney_panel.lists.words import in_some_field
from vms import labels
from vms.models import Interface, Tag, VmPool
from vms.models.vm import VmQuerySet

FIELDS = ("display_name", "name", "notes", "os_name", "guest_hostname")
NODE = "node__name"
SHORTEST_STATUS = 3

PART_OF_AN_ID = re.compile(r"[0-9a-f-]{6,36}", re.IGNORECASE)
"""Shorter ones would be found in nearly every id."""

PART_OF_AN_ADDRESS = re.compile(r"(?=.*[.:])[0-9a-f.:]{4,}", re.IGNORECASE)


def with_words(machines: VmQuerySet, text: str, *, sees_nodes: bool) -> VmQuerySet:
    """Those where every word is found somewhere. sees_nodes: also in the names of nodes, of pools, and of the people
    who have dynamic VMs."""
    fields = (*FIELDS, NODE) if sees_nodes else FIELDS
    for word in text.split():
        machines = machines.filter(_anywhere(word, fields) | (_in_pools(word) if sees_nodes else Q()))
    return machines


def _in_pools(word: str) -> Q:
    pools = VmPool.objects.filter(in_some_field(("name",), word))
    people = get_user_model().objects.filter(in_some_field(("username", "full_name"), word))
    return Q(pool__in=pools.values("pk")) | Q(assigned_to__in=people.values("pk"))


def _anywhere(word: str, fields: tuple[str, ...]) -> Q:
    found = in_some_field(fields, word) | _in_status(word.casefold())
    tags = Tag.objects.filter(in_some_field(("name",), word))
    found |= Q(pk__in=tags.filter(vms__isnull=False).values("vms"))
    if PART_OF_AN_ID.fullmatch(word):
        found |= Q(uuid__icontains=word)
    if PART_OF_AN_ADDRESS.fullmatch(word):
        found |= _with_address(word)
    return found


def _with_address(word: str) -> Q:
    interfaces = Interface.objects.annotate(all_addresses=Cast("addresses", TextField()))
    return Q(pk__in=interfaces.filter(in_some_field(("mac", "all_addresses"), word)).values("vm"))


def _in_status(word: str) -> Q:
    if len(word) < SHORTEST_STATUS:
        return Q()
    return (
        _one_of("main", _codes(word, labels.MAIN))
        | _one_of("second", _codes(word, labels.SECOND))
        | _one_of("mode", _codes(word, labels.MODE))
    )


def _codes(word: str, words: Mapping[Any, Promise]) -> list[str]:
    """The states that are called so by the reader, or in English."""
    return [str(code) for code, label in words.items() if _begins_a_word((str(label), str(code)), word)]


def _begins_a_word(texts: Iterable[str], word: str) -> bool:
    return any(part.startswith(word) for text in texts for part in text.casefold().split())


def _one_of(field: str, codes: list[str]) -> Q:
    return Q(**{f"{field}__in": codes}) if codes else Q()
