"""The steps of a first contact with a node."""

from enum import StrEnum


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
