from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AtTheMachine:
    """Whoever has a shell on the panel's machine may do everything, and is nobody in particular. command: that of
    manage.py."""

    command: str
    pk = None

    def has_perm(self, perm: str) -> bool:
        return bool(perm)

    def __str__(self) -> str:
        return f"manage.py {self.command}"
