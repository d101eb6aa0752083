"""Whether a machine can move, where to, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vms.rules.duty import Duty
from vms.rules.placing import NodeFacts, Obstacle
from vms.rules.preflight import Candidate, Judgement, Lack, Mover, MovingDisk, Needs, Tie, Way, judge, ranked

GIB = 1024**3
HOME = NodeFacts(
    1, True, Duty.ACTIVE, 4 * GIB, frozenset({"/local", "/shared"}), frozenset({"/shared"}), frozenset({"default"})
)
OTHER = replace(HOME, key=2)
NEEDS = Needs(memory=GIB, networks=frozenset({"default"}), disks=(MovingDisk("vda", "/shared/a.qcow2"),))
LOCAL = replace(NEEDS, disks=(MovingDisk("vda", "/local/a.qcow2"),))
MOVER = Mover(NEEDS, HOME, is_on=True)
FREE = {"/local": 10 * GIB, "/shared": 20 * GIB}


def candidate(lacks: frozenset[Lack] | None = frozenset(), **facts: Any) -> Candidate:
    return Candidate(replace(OTHER, **facts), lacks, FREE)


def against(found: Judgement) -> list[str]:
    return [*found.obstacles, *found.lacks, *found.ties]


def test_a_machine_whose_disks_both_see_moves_as_it_is() -> None:
    found = judge(candidate(), MOVER)
    assert found.is_possible
    assert (found.way, found.copies, found.folders) == (Way.LIVE, (), ())


def test_a_disk_of_one_node_is_copied_to_where_there_is_room() -> None:
    found = judge(candidate(), replace(MOVER, needs=LOCAL, sizes={"vda": 15 * GIB}))
    assert found.is_possible
    assert (found.copies, found.folders) == (("vda",), ("/shared",))


def test_it_says_what_would_be_copied_and_which_networks_are_missing() -> None:
    found = judge(candidate(networks=frozenset()), replace(MOVER, needs=LOCAL, sizes={"vda": 15 * GIB, "vdb": GIB}))
    assert (found.to_copy, found.missing_networks) == (15 * GIB, ("default",))


def test_folders_with_more_room_come_first() -> None:
    found = judge(candidate(), replace(MOVER, needs=LOCAL, sizes={"vda": GIB}))
    assert found.folders == ("/shared", "/local")


def test_all_disks_that_are_copied_need_room_together() -> None:
    needs = replace(LOCAL, disks=(*LOCAL.disks, MovingDisk("vdb", "/local/b.qcow2")))
    found = judge(candidate(), replace(MOVER, needs=needs, sizes={"vda": 11 * GIB, "vdb": 11 * GIB}))
    assert against(found) == [Lack.NO_ROOM]


def test_what_is_below_a_disk_must_be_seen_too() -> None:
    assert judge(candidate(), replace(MOVER, below={"vda": "/shared/base.qcow2"})).copies == ()
    assert judge(candidate(), replace(MOVER, below={"vda": "/local/base.qcow2"})).copies == ("vda",)


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        ({"reachable": False}, Obstacle.UNREACHABLE),
        ({"duty": Duty.MAINTENANCE}, Obstacle.MAINTENANCE),
        ({"memory_free": GIB - 1}, Obstacle.NOT_ENOUGH_MEMORY),
        ({"networks": frozenset[str]()}, Obstacle.NO_SUCH_NETWORK),
    ],
)
def test_what_stands_against_making_it_there_stands_against_moving_it_there(
    facts: dict[str, Any], obstacle: Obstacle
) -> None:
    assert against(judge(candidate(**facts), MOVER)) == [obstacle]


def test_a_machine_that_stays_off_needs_no_memory_now() -> None:
    assert judge(candidate(memory_free=0), replace(MOVER, is_on=False)).is_possible


def test_only_what_is_copied_needs_storage_of_the_node() -> None:
    nowhere: dict[str, Any] = {"folders": frozenset(), "shared_folders": frozenset()}
    assert judge(candidate(**nowhere), replace(MOVER, needs=replace(NEEDS, disks=()))).is_possible
    assert against(judge(candidate(**nowhere), MOVER)) == [Obstacle.NO_STORAGE]


@pytest.mark.parametrize("lack", [lack for lack in Lack if lack is not Lack.IS_HOME])
def test_what_the_node_says_it_lacks_stands_against_it(lack: Lack) -> None:
    assert against(judge(candidate(frozenset({lack})), MOVER)) == [lack]


def test_a_node_that_was_not_asked_is_out_until_it_is() -> None:
    assert against(judge(candidate(None), MOVER)) == [Lack.NOT_ASKED]


@pytest.mark.parametrize("lack", [Lack.CPU, Lack.MACHINE_TYPE, Lack.EMULATOR, Lack.ACCELERATION, Lack.NO_SUCH_BRIDGE])
def test_what_home_lacks_as_well_is_no_difference(lack: Lack) -> None:
    mover = replace(MOVER, home_lacks=frozenset({lack, Lack.ALREADY_THERE}))
    assert judge(candidate(frozenset({lack})), mover).is_possible


def test_that_the_machine_is_at_home_does_not_excuse_another_one_there() -> None:
    mover = replace(MOVER, home_lacks=frozenset({Lack.ALREADY_THERE}))
    assert against(judge(candidate(frozenset({Lack.ALREADY_THERE})), mover)) == [Lack.ALREADY_THERE]


def test_home_is_no_destination() -> None:
    assert against(judge(Candidate(HOME, frozenset(), FREE), replace(MOVER, needs=LOCAL))) == [Lack.IS_HOME]


def test_a_medium_of_one_node_stays_there() -> None:
    media = {path: replace(MOVER, needs=replace(NEEDS, media=frozenset({path}))) for path in ("/local/i", "/shared/i")}
    assert against(judge(candidate(), media["/local/i"])) == [Lack.MEDIA_ELSEWHERE]
    assert judge(candidate(), media["/shared/i"]).is_possible


@pytest.mark.parametrize("tie", Tie)
def test_what_ties_a_machine_stands_against_every_node(tie: Tie) -> None:
    assert against(judge(candidate(), replace(MOVER, ties=frozenset({tie})))) == [tie]
    assert against(judge(candidate(), replace(MOVER, needs=replace(NEEDS, ties=frozenset({tie}))))) == [tie]


def test_a_disk_that_cannot_be_copied_ties_it_only_if_it_would_have_to_be() -> None:
    stays = replace(NEEDS, disks=(MovingDisk("vda", "/shared/a.qcow2", can_be_copied=False),))
    device = replace(NEEDS, disks=(MovingDisk("vda", "", can_be_copied=False),))
    assert judge(candidate(), replace(MOVER, needs=stays)).is_possible
    assert against(judge(candidate(), replace(MOVER, needs=device))) == [Tie.DISK_CANNOT_BE_COPIED]


@pytest.mark.parametrize(
    ("needs", "way"),
    [
        (NEEDS, Way.OFFLINE),
        (replace(NEEDS, own_files=frozenset({"/shared/VARS.fd"})), Way.OFFLINE),
        (LOCAL, Way.HELD),
        (replace(NEEDS, own_files=frozenset({"/var/lib/VARS.fd"})), Way.HELD),
        (replace(NEEDS, keeps_state=True), Way.HELD),
    ],
)
def test_what_only_a_process_takes_along_decides_how_a_machine_moves_that_is_off(needs: Needs, way: Way) -> None:
    assert judge(candidate(), replace(MOVER, needs=needs, is_on=False)).way is way
    assert judge(candidate(), replace(MOVER, needs=needs)).way is Way.LIVE


def test_the_best_node_comes_first() -> None:
    """Possible ones first, then those that see more of its disks, then those with more memory."""
    names = {
        2: candidate(key=2, memory_free=8 * GIB, reachable=False),
        3: candidate(key=3, memory_free=6 * GIB, shared_folders=frozenset()),
        4: candidate(key=4, memory_free=2 * GIB),
        5: candidate(key=5, memory_free=3 * GIB),
    }
    assert [found.node.key for found in ranked(names.values(), MOVER)] == [5, 4, 3, 2]
