"""What a machine that is being changed is at this moment, and what of the changes does not show in it yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from vms.hypervisor.editing import Definition
from vms.hypervisor.errors import ChangedMeanwhile
from vms.hypervisor.machine_xml import PanelMark, describe, edited, hardware_of, with_panel_mark
from vms.hypervisor.machine_xml.description import MachineDescription
from vms.operations.steps.work import Work
from vms.rules.differences import Change, Part, difference, left_to_do
from vms.rules.editing import at_once, in_definition, plan
from vms.rules.edits import EditOrder
from vms.rules.hardware import Hardware
from vms.rules.power import HAS_PROCESS, Power


@dataclass(frozen=True)
class Seen:
    """power: of the machine, as its guest sees it: off for one that is held while its disks stream. sizes: of its
    disks, in bytes, by target."""

    order: EditOrder
    definition: Definition
    power: Power
    sizes: Mapping[str, int]

    @cached_property
    def described(self) -> MachineDescription:
        return describe(self.definition.xml)

    @cached_property
    def saved(self) -> Hardware:
        """For its next start."""
        return hardware_of(self.definition.xml, autostart=self.definition.autostart, sizes=self.sizes)

    @cached_property
    def live(self) -> Hardware | None:
        """What it is now, None if it is off."""
        is_on = self.definition.live and self.power in HAS_PROCESS
        return hardware_of(self.definition.live, autostart=self.definition.autostart) if is_on else None

    @cached_property
    def changes(self) -> list[Change]:
        """With the times that are right for what it is now."""
        return plan(self.order.before, self.order.after, self.live)

    @property
    def growing(self) -> list[Change]:
        return left_to_do([change for change in self.changes if change.part is Part.DRIVE_SIZE], self.saved)

    @property
    def left_in_definition(self) -> list[Change]:
        return left_to_do(in_definition(self.changes), self.saved)

    @property
    def left_at_machine(self) -> list[Change]:
        """Of what can be changed at the machine itself; disks grow before."""
        now = at_once(self.changes, running=self.live is not None)
        return left_to_do([change for change in now if change.part is not Part.DRIVE_SIZE], self.live or self.saved)

    @property
    def mark(self) -> PanelMark:
        """The panel's own part of the definition, with what is changed of it."""
        mark = self.described.panel
        name = self.order.display_name[1] if self.order.display_name else mark.display_name
        return replace(mark, display_name=name, made_disks=mark.made_disks | {disk.path for disk in self.order.disks})

    @property
    def is_saved(self) -> bool:
        return not self.left_in_definition and self.mark == self.described.panel

    def new_xml(self) -> str:
        """The definition that there is with all that is asked for. ChangedMeanwhile if it is no longer what the person
        saw, InvalidXml."""
        self.require_unchanged()
        return with_panel_mark(edited(self.definition.xml, self.changes), self.mark)

    def require_unchanged(self) -> None:
        """ChangedMeanwhile. What others changed of it that nobody can edit here stays as they made it."""
        if self.definition.digest != self.order.digest and not self._is_as_it_was:
            raise ChangedMeanwhile("somebody else has changed what was to be changed")

    @property
    def _is_as_it_was(self) -> bool:
        before, name = self.order.before, self.order.display_name
        shown = self.described.panel.display_name or self.described.title or self.described.name
        has_the_name = name is None or shown == name[0]
        return has_the_name and not difference(before, self.saved) and before.limits == self.saved.limits


def see(work: Work) -> Seen | None:
    """None if nothing of this machine's definition is to be changed."""
    order = order_of(work)
    if order is None:
        return None
    definition = work.hypervisor.definition(work.vm.uuid)
    grows = any(change.part is Part.DRIVE_SIZE for change in order.changes)
    sizes = work.hypervisor.disk_sizes(work.vm.uuid) if grows else {}
    return Seen(order, definition, _power(work), sizes)


def order_of(work: Work) -> EditOrder | None:
    """None if only the mode of a template is to be changed, which is not asked for by a definition."""
    arguments = work.operation.arguments
    return EditOrder.from_arguments(arguments) if "after" in arguments else None


def _power(work: Work) -> Power:
    """A guest that is held for a job goes on as a machine that was started then."""
    power = work.hypervisor.machine(work.vm.uuid).power
    return Power.OFF if power is Power.PAUSED and not work.vm.guest_is_on else power
