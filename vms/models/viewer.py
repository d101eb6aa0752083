from typing import Any, Protocol


class Viewer(Protocol):
    """Whoever looks or acts, as far as machines care. People themselves live in another app."""

    @property
    def pk(self) -> Any: ...
    def has_perm(self, perm: str) -> bool: ...
