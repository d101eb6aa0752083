"""What a step is: it looks first, may be run twice without harm, and never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import VmNotFound
from vms.models import Operation, Vm
from vms.rules.problems import Problem
from vms.rules.progress import Phase


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class Again:
    """Not yet: look again after so many seconds, or sooner if the node tells something."""

    seconds: float
    phase: Phase = Phase.TALKING_TO_NODE


JsonValue = str | list[tuple[str, str]]


class StepFailed(Exception):
    """It cannot be done, and here is why. Raised from what the node said, that is kept as evidence."""

    def __init__(self, problem: Problem, **values: JsonValue) -> None:
        super().__init__(problem)
        self.problem = problem
        self.values = values


class StepUnclear(Exception):
    """Nobody can tell how far it came, so that a person has to look: most often the contact broke in the middle of a
    call that must not be made twice."""

    def __init__(self, evidence: str, problem: Problem = Problem.CONTACT_BROKE, **values: JsonValue) -> None:
        super().__init__(evidence)
        self.problem = problem
        self.values = values


Result = Done | Again


@dataclass(frozen=True, slots=True)
class Work:
    """What a step works on. The machine and the operation are as the database had them when the step began."""

    hypervisor: Hypervisor
    vm: Vm
    operation: Operation

    def node_knows_it(self) -> bool:
        """Whether the machine has a definition there."""
        try:
            self.hypervisor.machine(self.vm.uuid)
        except VmNotFound:
            return False
        return True

    def lasts_longer_than(self, limit: timedelta) -> bool:
        began = self.operation.step_began_at
        return began is not None and timezone.now() - began > limit


Step = Callable[[Work], Result]
