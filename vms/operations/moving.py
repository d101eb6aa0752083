"""A person, or a node that is emptied, asks for a machine to be moved. Whoever calls this rings the bell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import join, normpath
from uuid import UUID, uuid4

from django.db import transaction

from vms.models import Node, Operation, Vm
from vms.models.facts import facts_of_node
from vms.models.pooling import places_for
from vms.models.viewer import Viewer
from vms.operations.auditing import Refusal
from vms.operations.promising import ActionRefused, Order, held, promise
from vms.rules.actions import Action
from vms.rules.audit import Why
from vms.rules.duty import Duty
from vms.rules.moving import Move
from vms.rules.names import image_name
from vms.rules.placing import Obstacle
from vms.rules.preflight import Lack, Way
from vms.rules.progress import Progress
from vms.rules.reasons import Reason
from vms.rules.status import Second


@dataclass(frozen=True, slots=True)
class MigrationOrder:
    """copies: the targets of disks that are to be copied, folder: where to, "" if none is; limit: bytes per second, 0
    for none; converges, post_copy: as in rules.moving.Move; key: the same for every submission of the same page."""

    to: Node
    way: Way
    copies: tuple[str, ...] = ()
    folder: str = ""
    limit: int = 0
    converges: bool = False
    post_copy: bool = False
    key: UUID | None = None


class NodeIsOut(Refusal):
    """The machine cannot go there now. against: what the panel itself knows; the nodes are asked later."""

    reason = Why.NODE_IS_OUT

    def __init__(self, against: Iterable[Obstacle | Lack]) -> None:
        self.against = tuple(against)
        super().__init__(", ".join(self.against))


def promise_migration(vm: Vm, order: MigrationOrder, *, by: Viewer) -> Operation:
    """Write it down. ActionRefused, NodeIsOut. The operation may be an earlier one, if this is the same submitted
    again."""
    with transaction.atomic():
        vm, _under_way = held(vm)
        operation = promise(vm, _asked(vm, order), by=by)
        if operation.arguments["to"] != order.to.pk:
            raise ActionRefused(Action.MIGRATE, Reason.IS_MIGRATING, operation)
        if operation.progress == Progress.QUEUED and (against := _against(vm, order)):
            raise NodeIsOut(against)
    return operation


def _asked(vm: Vm, order: MigrationOrder) -> Order:
    """Shown as a machine on its way from the first moment on."""
    copies = {target: join(order.folder, image_name(vm.display_name, uuid4(), target)) for target in order.copies}
    move = Move(vm.node_id, order.to.pk, order.way, copies, order.converges, order.post_copy)
    return Order(
        Action.MIGRATE,
        move.to_arguments(),
        order.key,
        values={"home": vm.node.name, "to": order.to.name},
        also={"second": Second.MIGRATING, "permille": 0, "limit": order.limit},
    )


def _against(vm: Vm, order: MigrationOrder) -> list[Obstacle | Lack]:
    node, places = facts_of_node(order.to), places_for(vm)
    has_folder = not order.copies or normpath(order.folder) in node.folders
    may_use_folder = not order.copies or places.have_folder(order.folder)
    found: dict[Obstacle | Lack, bool] = {
        Lack.IS_HOME: node.key == vm.node_id,
        Obstacle.UNREACHABLE: not node.reachable,
        Obstacle.MAINTENANCE: node.duty is not Duty.ACTIVE,
        Obstacle.NOT_IN_POOL: not places.have_node(node.key),
        Obstacle.NO_STORAGE: not has_folder,
        Obstacle.NO_STORAGE_OF_POOL: has_folder and not may_use_folder,
    }
    return [code for code, stands in found.items() if stands]
