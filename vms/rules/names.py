"""Which names are accepted. A name is what people read, so it may be in any script; never anything invisible."""

import re
import unicodedata
from enum import StrEnum
from functools import partial
from uuid import UUID

LONGEST_NAME = 63
LONGEST_FILE_NAME = 240
"""Bytes of a name that a node can still make a file's name of, with an ending of its own behind it."""

LONGEST_PART_OF_A_FILE_NAME = 40

MOST_AT_ONCE = 50
LONGEST_COUNTER = len("%09d")
_COUNTER = re.compile(r"%(?:0([1-9]))?d")
_NODE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?\Z")


class NameFault(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    INVISIBLE_CHARACTERS = "invisible_characters"
    NOT_A_NODE_NAME = "not_a_node_name"
    NOT_A_FILE_NAME = "not_a_file_name"
    """libvirt refuses a slash in a name, and makes a hidden file of one that begins with a dot."""
    TOO_LONG_FOR_A_FILE = "too_long_for_a_file"
    NO_COUNTER = "no_counter"
    SEVERAL_COUNTERS = "several_counters"


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


def fault_in_machine_name(name: str) -> NameFault | None:
    """For machines that are to be made: their name is the one at the node too. None if it is fine."""
    if fault := fault_in_name(name):
        return fault
    if "/" in name or name.startswith("."):
        return NameFault.NOT_A_FILE_NAME
    return NameFault.TOO_LONG_FOR_A_FILE if len(name.encode()) > LONGEST_FILE_NAME else None


def as_file_name(name: str) -> str:
    """What can be told of a name in a file's name: lower case ASCII without blanks, never empty."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9.]+", "-", ascii_name.lower()).strip("-.")
    return plain[:LONGEST_PART_OF_A_FILE_NAME] or "vm"


def image_name(machine: str, unique: UUID, target: str) -> str:
    """A file that people can tell by its name, and that no other machine can have."""
    return f"{as_file_name(machine)}-{unique.hex[:8]}-{target}.qcow2"


def counted_names(pattern: str, count: int, first: int) -> list[str]:
    """("web-%02d", 3, 9) -> web-09, web-10, web-11. A pattern without a counter is one name."""
    if not has_counter(pattern):
        return [pattern]
    return [_COUNTER.sub(partial(_number, number), pattern) for number in range(first, first + count)]


def before_the_counter(pattern: str) -> str:
    """web-%02d -> "web-"."""
    return _COUNTER.split(pattern)[0]


def has_counter(pattern: str) -> bool:
    return _COUNTER.search(pattern) is not None


def _number(number: int, counter: re.Match[str]) -> str:
    return str(number).zfill(int(counter[1] or 0))


def fault_in_pattern(pattern: str, count: int, first: int) -> NameFault | None:
    """For the names of machines that are to be made together. None if all are fine."""
    counters = len(_COUNTER.findall(pattern))
    if counters > 1:
        return NameFault.SEVERAL_COUNTERS
    if count > 1 and not counters:
        return NameFault.NO_COUNTER
    return next(filter(None, map(fault_in_machine_name, counted_names(pattern, count, first))), None)
