"""A node is freed of its machines: the life of such a plan, and which machine goes where, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nlargest

from vms.rules.preflight import Judgement, Way
from vms.rules.reasons import Reason


class State(StrEnum):
    """The life of a plan."""

    PLANNING = "planning"
    """A worker asks the nodes."""
    PLANNED = "planned"
    """It waits for a person to look at it and to begin."""
    RUNNING = "running"
    PAUSED = "paused"
    """No further migration begins; those under way go on."""
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It could not even be planned."""


ENDED = frozenset({State.FINISHED, State.CANCELLED, State.FAILED})


class Turn(StrEnum):
    """What a person can do with a plan."""

    BEGIN = "begin"
    PLAN_AGAIN = "plan-again"
    PAUSE = "pause"
    GO_ON = "go-on"
    CANCEL = "cancel"


TURNS: Mapping[Turn, tuple[frozenset[State], State]] = {
    Turn.BEGIN: (frozenset({State.PLANNED}), State.RUNNING),
    Turn.PLAN_AGAIN: (frozenset({State.PLANNED}), State.PLANNING),
    Turn.PAUSE: (frozenset({State.RUNNING}), State.PAUSED),
    Turn.GO_ON: (frozenset({State.PAUSED}), State.RUNNING),
    Turn.CANCEL: (frozenset(State) - ENDED, State.CANCELLED),
}
"""In which states each can be done, and to which it leads."""


class Halt(StrEnum):
    """Why it was paused by the panel itself."""

    NOBODY_ANSWERS = "nobody_answers"
    """Whoever asked for it cannot log in any more."""
    NO_LONGER_PERMITTED = "no_longer_permitted"
    """Whoever asked for it may not move machines any more."""


class Verdict(StrEnum):
    """What the plan says of a machine."""

    GOES = "goes"
    CANNOT = "cannot"


class Filled(StrEnum):
    """What of a node machines of the same plan take, so that it is not enough for one more."""

    MEMORY = "memory"
    STORAGE = "storage"


PASSES = frozenset(
    {
        *(Reason.IS_STARTING, Reason.IS_SHUTTING_DOWN, Reason.IS_POWERING_OFF, Reason.IS_UNKNOWN),
        *(Reason.IS_STREAMING, Reason.IS_BACKING_UP, Reason.IS_MIGRATING, Reason.IS_CREATING, Reason.IS_RESTORING),
        *(Reason.IS_BEING_COPIED, Reason.IS_BEING_CHANGED, Reason.TEMPLATE_IS_STREAMED_FROM),
        *(Reason.RUN_SLOT_TAKEN, Reason.JOB_SLOT_TAKEN, Reason.ALSO_ELSEWHERE),
    }
)
"""Reasons that keep a machine from moving only for a while: it waits, and others go before it."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """A machine that is to leave its node. memory: bytes that its guest takes; judgements: one for each node."""

    key: str
    name: str
    memory: int
    judgements: tuple[Judgement, ...]

    @property
    def to_copy(self) -> int:
        return max((each.to_copy for each in self.judgements), default=0)


@dataclass(frozen=True, slots=True)
class Placement:
    """What the plan says of one machine. goes: the judgement of the node it goes to, None if it can go nowhere; folder:
    for the copies of its disks, "" if there are none; filled: by the keys of nodes that would do, were it not for other
    machines of the plan."""

    leaver: Leaver
    goes: Judgement | None
    folder: str = ""
    filled: Mapping[int, frozenset[Filled]] = field(default_factory=dict)


Place = tuple[int, str]
"""A folder of a node, by its key; of no node (0) if several see the same files in it."""


@dataclass(slots=True)
class Rooms:
    """What is left of the nodes, in bytes, as machines are placed there. storage: by node and folder.

    A machine that is off but moves with a process has its memory only meanwhile: of those, room is kept for as many of
    the largest as can be on their way at once.
    """

    at_once: int
    storage: dict[Place, int]
    taken: dict[int, int] = field(default_factory=dict)
    held: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, free: Mapping[Place, int], leavers: Iterable[Leaver], at_once: int) -> Rooms:
        nodes = {each.node.key: each.node for leaver in leavers for each in leaver.judgements}
        storage: dict[Place, int] = {}
        for (key, folder), size in free.items():
            shared = key in nodes and folder in nodes[key].shared_folders
            place = (0 if shared else key, folder)
            storage[place] = min(size, storage.get(place, size))
        return cls(at_once, storage)

    def memory_with(self, judgement: Judgement, memory: int) -> int:
        """What would be left with one more; less than nothing if that is too many."""
        node, held = judgement.node, self.held.get(judgement.node.key, [])
        stays = memory if judgement.way is Way.LIVE else 0
        passes = [*held, memory] if judgement.way is Way.HELD else held
        return node.memory_free - self.taken.get(node.key, 0) - stays - sum(nlargest(self.at_once, passes))

    def folder_for(self, judgement: Judgement) -> str | None:
        """The roomiest that takes the copies; "" if there are none, None if none has room."""
        if not judgement.copies:
            return ""
        fitting = [each for each in judgement.folders if self._left(judgement, each) >= judgement.to_copy]
        return max(fitting, key=lambda folder: self._left(judgement, folder), default=None)

    def take(self, judgement: Judgement, memory: int, folder: str) -> None:
        key = judgement.node.key
        if judgement.way is Way.LIVE:
            self.taken[key] = self.taken.get(key, 0) + memory
        if judgement.way is Way.HELD:
            self.held.setdefault(key, []).append(memory)
        if judgement.copies:
            self.storage[_place(judgement, folder)] -= judgement.to_copy

    def lacks(self, judgement: Judgement, memory: int) -> frozenset[Filled]:
        found = {
            Filled.MEMORY: judgement.way is not Way.OFFLINE and self.memory_with(judgement, memory) < 0,
            Filled.STORAGE: self.folder_for(judgement) is None,
        }
        return frozenset(each for each, lacks in found.items() if lacks)

    def _left(self, judgement: Judgement, folder: str) -> int:
        return self.storage.get(_place(judgement, folder), 0)


def _place(judgement: Judgement, folder: str) -> Place:
    return (0 if folder in judgement.node.shared_folders else judgement.node.key, folder)


def planned(leavers: Iterable[Leaver], free: Mapping[Place, int], at_once: int) -> list[Placement]:
    """Every machine once: first those that cannot go, then the others in the order in which they go.

    The largest are placed first, as long as there is room for them; each goes where it has the fewest disks to copy,
    and then to where most memory is left. free: of storage, in bytes; at_once: so many can be on their way.
    """
    leavers = sorted(leavers, key=lambda each: (-each.memory, -each.to_copy, each.name, each.key))
    rooms = Rooms.of(free, leavers, at_once)
    return sorted((_placed(leaver, rooms) for leaver in leavers), key=_turn)


def _placed(leaver: Leaver, rooms: Rooms) -> Placement:
    possible = [each for each in leaver.judgements if each.is_possible]
    filled = {each.node.key: rooms.lacks(each, leaver.memory) for each in possible}
    fitting = [each for each in possible if not filled[each.node.key]]
    if not fitting:
        return Placement(leaver, None, filled={key: lacks for key, lacks in filled.items() if lacks})
    best = min(fitting, key=lambda each: (len(each.copies), -rooms.memory_with(each, leaver.memory), each.node.key))
    folder = rooms.folder_for(best) or ""
    rooms.take(best, leaver.memory, folder)
    return Placement(leaver, best, folder)


def _turn(placement: Placement) -> tuple[bool, bool, int, int, str, str]:
    """What runs goes first: it would be interrupted by whatever is done to the node. Then what is quickly gone."""
    leaver, goes = placement.leaver, placement.goes
    if goes is None:
        return (False, False, 0, 0, leaver.name, leaver.key)
    return (True, goes.way is not Way.LIVE, goes.to_copy if goes.copies else 0, -leaver.memory, leaver.name, leaver.key)
