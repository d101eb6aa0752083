"""One of several steps, as components/steps.html shows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepView:
    """state: todo, now, done or failed; state_label: the same in a word."""

    label: str
    state: str
    state_label: str
    note: str
    side: str
