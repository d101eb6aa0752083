"""The life of an operation."""

from collections.abc import Mapping
from enum import StrEnum


class Progress(StrEnum):
    QUEUED = "queued"
    WORKING = "working"
    UNCLEAR = "unclear"  # nobody knows how far it came; it waits for a person
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({Progress.SUCCEEDED, Progress.FAILED, Progress.CANCELLED})
UNFINISHED = frozenset(Progress) - FINISHED

MAY_BECOME: Mapping[Progress, frozenset[Progress]] = {
    Progress.QUEUED: frozenset({Progress.WORKING, Progress.FAILED, Progress.CANCELLED}),
    Progress.WORKING: FINISHED | {Progress.UNCLEAR},
    Progress.UNCLEAR: FINISHED | {Progress.WORKING},
    Progress.SUCCEEDED: frozenset(),
    Progress.FAILED: frozenset(),
    Progress.CANCELLED: frozenset(),
}


class Phase(StrEnum):
    """What an operation is at, for people."""

    WAITING_FOR_WORKER = "waiting_for_worker"
    WAITING_FOR_NODE = "waiting_for_node"
    WAITING_FOR_PREVIOUS = "waiting_for_previous"
    TALKING_TO_NODE = "talking_to_node"
    WAITING_FOR_GUEST = "waiting_for_guest"
    DELETING_DISKS = "deleting_disks"
    MAKING_DISKS = "making_disks"
    UPLOADING = "uploading"
    COPYING_IMAGE = "copying_image"
    WAITING_FOR_TURN = "waiting_for_turn"
    STREAMING = "streaming"
    WAITING_FOR_SPACE = "waiting_for_space"
    MOVING = "moving"
    FINDING_OUT = "finding_out"
    CHECKING = "checking"
    ENDING = "ending"
    TAKING_BACK = "taking_back"
    SAVING_MEMORY = "saving_memory"
    COPYING_DISKS = "copying_disks"
    MERGING = "merging"
    WRITING_DOWN = "writing_down"
    RESTORING = "restoring"


def percent(done: int, total: int) -> float:
    """Share of the work in percent, 0.0 to 100.0. Nothing to do counts as all done."""
    if total <= 0:
        return 100.0
    return round(min(100.0, max(0.0, 100.0 * done / total)), 1)
