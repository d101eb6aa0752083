"""The steps of a first contact with a node."""

from enum import StrEnum
from typing import Any


class ContactStep(StrEnum):
    CONNECT = "connect"
    IDENTIFY = "identify"
    COMPARE = "compare"
    LIST = "list"


class StepState(StrEnum):
    TODO = "todo"
    NOW = "now"
    DONE = "done"
    FAILED = "failed"


def nothing_done() -> list[dict[str, Any]]:
    """All steps, as a contact that has just begun writes them down."""
    return [{"step": step, "state": StepState.TODO, "values": {}} for step in ContactStep]
