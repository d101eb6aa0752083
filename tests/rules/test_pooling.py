"""What a pool leaves room for, and where its machines may be."""

from __future__ import annotations

import pytest

from vms.rules.duty import Duty
from vms.rules.kinds import Kind
from vms.rules.placing import Need, NodeFacts, Obstacle, obstacles
from vms.rules.pooling import (
    EVERYWHERE,
    POOL_FOR,
    Limit,
    Places,
    PoolUse,
    folders_outside,
    limit_reached,
    networks_outside,
)

NODE = NodeFacts(1, True, Duty.ACTIVE, 100, frozenset({"/srv/a", "/srv/b"}), frozenset(), frozenset({"default"}))


@pytest.mark.parametrize(
    ("most", "wanted", "reached"),
    [
        (PoolUse(), PoolUse(100, 100, 100), None),
        (PoolUse(3, 30, 6), PoolUse(1, 10, 2), None),
        (PoolUse(2, 30, 6), PoolUse(1, 10, 2), Limit.VMS),
        (PoolUse(3, 29, 6), PoolUse(1, 10, 2), Limit.MEMORY),
        (PoolUse(3, 30, 5), PoolUse(1, 10, 2), Limit.VCPUS),
        (PoolUse(0, 0, 5), PoolUse(1, 10, 2), Limit.VCPUS),
    ],
)
def test_a_limit_is_reached_by_what_is_used_and_wanted_together(most: PoolUse, wanted: PoolUse, reached: Limit | None):
    assert limit_reached(most, PoolUse(2, 20, 4), wanted) is reached


def test_where_no_more_is_wanted_a_limit_that_was_set_too_low_keeps_nobody():
    assert limit_reached(PoolUse(1, 10, 1), PoolUse(2, 20, 4), PoolUse(0, -5, 0)) is None
    assert limit_reached(PoolUse(1, 10, 1), PoolUse(2, 20, 4), PoolUse(0, -5, 1)) is Limit.VCPUS


def test_a_pool_that_limits_no_places_has_them_all():
    assert EVERYWHERE.have_node(7)
    assert EVERYWHERE.have_folder("/anywhere")
    assert EVERYWHERE.have_network("br0")


def test_a_pool_has_what_it_names_and_nothing_else():
    places = Places(frozenset({1}), "/srv/a/", frozenset({"lab"}))
    assert (places.have_node(1), places.have_node(2)) == (True, False)
    assert folders_outside(places, ["/srv/a", "/srv/b", "/srv/b"]) == ("/srv/b",)
    assert networks_outside(places, ["lab", "default"]) == ("default",)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (EVERYWHERE, []),
        (Places(nodes=frozenset({1}), folder="/srv/b"), []),
        (Places(nodes=frozenset({2})), [Obstacle.NOT_IN_POOL]),
        (Places(folder="/srv/c"), [Obstacle.NO_STORAGE_OF_POOL]),
        (Places(networks=frozenset({"lab"})), []),
    ],
)
def test_a_node_is_out_if_the_pool_does_not_have_it_or_it_not_the_folder(places: Places, found: list[Obstacle]):
    assert obstacles(NODE, Need(10, places=places)) == found


def test_every_machine_may_belong_to_a_pool_of_its_own_kind():
    assert set(POOL_FOR) == set(Kind)
