"""How each action is carried out, and what people want of the machine once it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from vms.operations.steps import (
    activating,
    backing_up,
    bringing,
    changing,
    checking,
    creating,
    deleting,
    doubles,
    dropping_backups,
    editing,
    making,
    migrating,
    power,
    providing,
    restoring,
    returning,
    streaming,
)
from vms.operations.steps.work import Step
from vms.rules.actions import Action
from vms.rules.power import Wanted


@dataclass(frozen=True, slots=True)
class Recipe:
    """way_back: what takes back what was begun, when it fails or is cancelled in the middle; without it, it just ends.
    reversible: so many steps can be taken back, None for all: after them nobody can cancel it any more, and what fails
    after the next one just ends it. patient: a node that does not answer is waited for however long it takes."""

    steps: tuple[Step, ...]
    then_wanted: Wanted | None = None
    way_back: tuple[Step, ...] = ()
    patient: bool = False
    reversible: int | None = None

    def can_go_back(self, steps_done: int) -> bool:
        return bool(self.way_back) and (self.reversible is None or steps_done < self.reversible)


_FILL = (streaming.take_turn, streaming.pull, streaming.release_origin, streaming.end_process)
_GIVE_UP = (making.take_back_half_made, streaming.leave_linked)
_COPY = Recipe(
    (making.make_disks, making.define_copy, making.hand_over, making.start_if_asked, *_FILL),
    way_back=_GIVE_UP,
    patient=True,
)

RECIPES: Mapping[Action, Recipe] = {
    Action.START: Recipe((power.switch_on, power.see_it_stay_on), Wanted.RUNNING),
    Action.SHUTDOWN: Recipe((power.ask_to_shut_down, power.see_the_guest_go), Wanted.OFF),
    Action.POWER_OFF: Recipe((power.cut_power, power.see_it_off), Wanted.OFF),
    Action.RESET: Recipe((power.reset,)),
    Action.PAUSE: Recipe((power.hold, power.see_it_paused), Wanted.PAUSED),
    Action.DELETE: Recipe(
        (
            *(deleting.check_disks_are_free, deleting.clear_away, deleting.see_it_off),
            *(deleting.delete_disks, deleting.undefine, deleting.mark_deleted),
        ),
        Wanted.OFF,
    ),
    Action.PERSISTENT: _COPY,
    Action.CLONE: _COPY,
    Action.PROVIDE: Recipe(
        (making.make_disks, providing.define_overlay, power.switch_on, power.see_it_stay_on),
        Wanted.RUNNING,
        way_back=(making.take_back_half_made,),
        patient=True,
    ),
    Action.CREATE: Recipe(
        (
            *(bringing.bring_file, bringing.check_image, making.make_disks, creating.define_new),
            *(creating.wait_for_turn, creating.copy_image, bringing.remove_image, streaming.end_process),
            making.start_if_asked,
        ),
        way_back=(making.take_back_half_made, bringing.take_back_file),
        patient=True,
        reversible=7,
    ),
    Action.DYNAMIC: Recipe(
        (making.make_disks, making.define_copy, *_FILL, making.start_if_asked, activating.activate_if_asked),
        way_back=(making.take_back_half_made,),
        patient=True,
        reversible=5,
    ),
    Action.EDIT: Recipe(
        (
            *(editing.check_changes, bringing.bring_file, making.make_disks, editing.grow_disks),
            *(editing.save_definition, changing.set_mode, editing.change_running, editing.see_the_guest_follow),
        ),
        way_back=(editing.take_back_changes,),
        patient=True,
        reversible=4,
    ),
    Action.MIGRATE: Recipe(
        migrating.STEPS, way_back=migrating.WAY_BACK, patient=True, reversible=migrating.STEPS_BEFORE_IT_IS_THERE
    ),
    Action.BACK_UP: Recipe(
        backing_up.STEPS, way_back=backing_up.WAY_BACK, patient=True, reversible=backing_up.STEPS_BEFORE_IT_IS_GOOD
    ),
    Action.TOGGLE: Recipe((changing.set_boot_device,)),
    Action.MAKE_TEMPLATE: Recipe((changing.move_to_pool, changing.become_template)),
    Action.MOVE_TO_POOL: Recipe((changing.move_to_pool,)),
    Action.SEAL: Recipe((changing.seal, activating.activate_if_asked)),
    Action.FORGET_DOUBLE: Recipe((doubles.forget_there,)),
    Action.END_DOUBLE: Recipe((doubles.end_there, doubles.see_it_off_there)),
    Action.RESTORE: Recipe(
        (
            *(returning.check_what_comes_back, creating.wait_for_turn, making.make_disks),
            *(restoring.put_definition_back, returning.fill_disks, streaming.end_process),
            *(restoring.bring_memory_back, restoring.change_over, restoring.drop_old_disks),
            streaming.release_origin,
        ),
        way_back=(restoring.take_back_restored,),
        patient=True,
        reversible=7,
    ),
    Action.RESTORE_AS_NEW: Recipe(
        (
            *(returning.check_what_comes_back, creating.wait_for_turn, making.make_disks),
            *(returning.define_restored, returning.fill_disks, streaming.end_process, making.start_if_asked),
        ),
        way_back=(making.take_back_half_made,),
        patient=True,
        reversible=5,
    ),
    Action.CHECK_BACKUP: Recipe(checking.STEPS, way_back=(checking.leave_it,), patient=True),
    Action.DELETE_BACKUP: Recipe(dropping_backups.STEPS, patient=True),
    Action.STREAM: Recipe(_FILL, way_back=_GIVE_UP, patient=True),
}
