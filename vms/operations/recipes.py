"""How each action is carried out, and what people want of the machine once it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from vms.operations import steps
from vms.operations.steps import Step
from vms.rules.actions import Action
from vms.rules.power import Wanted


@dataclass(frozen=True, slots=True)
class Recipe:
    steps: tuple[Step, ...]
    then_wanted: Wanted | None = None


RECIPES: Mapping[Action, Recipe] = {
    Action.START: Recipe((steps.switch_on, steps.see_it_stay_on), Wanted.RUNNING),
    Action.SHUTDOWN: Recipe((steps.ask_to_shut_down, steps.see_the_guest_go), Wanted.OFF),
    Action.POWER_OFF: Recipe((steps.cut_power, steps.see_it_off), Wanted.OFF),
    Action.RESET: Recipe((steps.reset,)),
    Action.PAUSE: Recipe((steps.hold, steps.see_it_paused), Wanted.PAUSED),
    Action.DELETE: Recipe(
        (
            *(steps.check_disks_are_free, steps.clear_away, steps.see_it_off),
            *(steps.delete_disks, steps.undefine, steps.mark_deleted),
        ),
        Wanted.OFF,
    ),
}
