"""What is to be done when a machine moves to another node: the arguments of such an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vms.rules.preflight import Way


@dataclass(frozen=True, slots=True)
class Move:
    """home, to: keys of nodes. copies: by target, the paths of images that are made on the other node, and into which
    disks are copied; converges: slow the guest down if it changes its memory faster than it can be sent; post_copy:
    whether the guest may be handed over before all of its memory is."""

    home: int
    to: int
    way: Way
    copies: Mapping[str, str] = field(default_factory=dict)
    converges: bool = False
    post_copy: bool = False

    def to_arguments(self) -> dict[str, Any]:
        return {
            "home": self.home,
            "to": self.to,
            "way": self.way.value,
            "copies": dict(self.copies),
            "converges": self.converges,
            "post_copy": self.post_copy,
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Move:
        return cls(
            home=arguments["home"],
            to=arguments["to"],
            way=Way(arguments["way"]),
            copies=arguments["copies"],
            converges=arguments["converges"],
            post_copy=arguments["post_copy"],
        )
