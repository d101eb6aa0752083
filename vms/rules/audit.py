"""What the audit trail tells apart."""

from enum import StrEnum


class Outcome(StrEnum):
    """accepted: it was taken on, and what became of it stands in a line of its own. seen: nobody asked the panel."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SEEN = "seen"


class Subject(StrEnum):
    """Whom or what it was about."""

    VM = "vm"
    TEMPLATE = "template"
    NODE = "node"
    IMAGE = "image"
    OPERATION = "operation"
    PERSON = "person"
    GROUP = "group"
    PANEL = "panel"
