from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter with how many it would show. alert: more than none of them is bad news."""

    label: str
    count: int | None
    url: str
    current: bool
    alert: bool = False
