"""How many dynamic VMs of a pool are ready, taken, on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from vms.labels import pools as words
from vms.models import VmPool
from vms.models.pooling import places_of
from vms.operations.rounds import as_seen, dynamic_vms_of
from vms.rules.pools import Role, role_of

COUNTS_AS: Mapping[Role, str] = {
    Role.READY: "ready",
    Role.COMING: "coming",
    Role.TAKEN: "taken",
    Role.GOING: "ending",
    Role.USED_UP: "ending",
    Role.OLD: "others",
    Role.BROKEN: "others",
    Role.AWAY: "others",
}


@dataclass(frozen=True, slots=True)
class DynamicCounts:
    """Each dynamic VM of the pool counts once. others: nobody has them, and nobody is given them."""

    ready: int = 0
    coming: int = 0
    taken: int = 0
    ending: int = 0
    others: int = 0
    most: int = 0

    @property
    def total(self) -> int:
        return self.ready + self.coming + self.taken + self.ending + self.others

    @property
    def of_at_most(self) -> str:
        return str(words.OF_AT_MOST) % {"count": self.total, "most": self.most}

    @property
    def said(self) -> list[str]:
        """In words. What there is none of is left out, but for those that are ready and taken."""
        always = [(words.READY, self.ready), (words.TAKEN, self.taken)]
        some = [(words.BEING_MADE, self.coming), (words.ENDING, self.ending), (words.NOT_USABLE, self.others)]
        return [str(text % {"count": count}) for text, count in (*always, *(each for each in some if each[1]))]


def counts_of(pools: Iterable[VmPool]) -> dict[UUID, DynamicCounts]:
    """Of the dynamic pools among them. pools: with their nodes. Two queries, however many there are."""
    dynamic = {pool.pk: pool for pool in pools if pool.is_dynamic}
    places = {pk: places_of(pool) for pk, pool in dynamic.items()}
    counts: dict[UUID, Counter[str]] = {pk: Counter() for pk in dynamic}
    for vm in dynamic_vms_of(dynamic).order_by():
        pool = dynamic[vm.pool_id]  # type: ignore[index]  # it is filtered by these
        counts[pool.pk][COUNTS_AS[role_of(as_seen(vm, pool, places[pool.pk]))]] += 1
    return {pk: DynamicCounts(**counted, most=dynamic[pk].most_vms) for pk, counted in counts.items()}
