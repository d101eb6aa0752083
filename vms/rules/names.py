"""Which names are accepted. A name is what people read, so it may be in any script; never anything invisible."""

import re
import unicodedata
from enum import StrEnum

LONGEST_NAME = 63
_NODE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?\Z")


class NameFault(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    INVISIBLE_CHARACTERS = "invisible_characters"
    NOT_A_NODE_NAME = "not_a_node_name"


def fault_in_name(name: str) -> NameFault | None:
    """For names that people give to machines. None if it is fine."""
    if not name.strip():
        return NameFault.EMPTY
    if len(name) > LONGEST_NAME:
        return NameFault.TOO_LONG
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        return NameFault.INVISIBLE_CHARACTERS
    return None


def fault_in_node_name(name: str) -> NameFault | None:
    """For nodes: letters, digits, dots and hyphens, as in a host name. None if it is fine."""
    return fault_in_name(name) or (None if _NODE_NAME.match(name) else NameFault.NOT_A_NODE_NAME)
