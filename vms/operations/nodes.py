"""Nodes come and go by people's hand, and are spared new machines for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from vms.models import ContactTest, Event, Node, Operation, Vm
from vms.models.viewer import Viewer
from vms.operations.announcing import COUNTS, announce
from vms.operations.auditing import About, Refusal, about_node, noting_refusals, write
from vms.operations.backups import leave_backups_to_others
from vms.operations.permission import require_may_manage_nodes
from vms.operations.tasks import try_contact_after_commit
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Subject, Why
from vms.rules.duty import Duty
from vms.rules.timeline import What


class NodeStillHasMachines(Refusal):
    """It cannot be removed: machines, with the rights that hang on them, belong to it."""

    reason = Why.NODE_HAS_MACHINES

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} machines")
        self.count = count


class NodeIsAllOfAPool(Refusal):
    """It cannot be removed: these pools have no other node, and without any their machines could be everywhere."""

    reason = Why.STILL_NEEDED

    def __init__(self, pools: list[str]) -> None:
        super().__init__(", ".join(pools))
        self.pools = pools


@dataclass(frozen=True, slots=True)
class _Change:
    """What a change of duty is called in the audit trail, and in the node's timeline."""

    request: Request
    told_as: What


_CHANGE_TO: Mapping[Duty, _Change] = {
    Duty.MAINTENANCE: _Change(Request.BEGIN_MAINTENANCE, What.MAINTENANCE_BEGAN),
    Duty.ACTIVE: _Change(Request.END_MAINTENANCE, What.MAINTENANCE_ENDED),
}


def ask_for_contact(name: str, uri: str, *, by: Viewer) -> ContactTest:
    """Ask a worker to try the address. The answer is written into the row that is returned."""
    about = About(Subject.NODE, name=name)
    with noting_refusals(Request.TRY_NODE, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        test = ContactTest.objects.create(name=name, uri=uri, requested_by_id=by.pk)
        write(Request.TRY_NODE, about, Outcome.ACCEPTED, by=by, values={"address": uri})
        try_contact_after_commit(test.pk)
    return test


def add_node(name: str, uri: str, *, by: Viewer) -> Node:
    """Look after a node from now on. The watcher makes contact and adopts what runs there, within seconds."""
    about = About(Subject.NODE, name=name)
    with noting_refusals(Request.ADD_NODE, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        node, _made = Node.objects.get_or_create(uri=uri, defaults={"name": name})
        write(Request.ADD_NODE, about_node(node), Outcome.ACCEPTED, by=by, values={"address": uri})
        announce(("node", str(node.pk)), COUNTS)
    return node


def set_duty(node: Node, duty: Duty, *, by: Viewer) -> bool:
    """Whether new machines may be made there from now on; those that are there are left as they are. False if that was
    so already."""
    change, about = _CHANGE_TO[duty], about_node(node)
    with noting_refusals(change.request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        if not Node.objects.filter(pk=node.pk).exclude(duty=duty).update(duty=duty):
            write(change.request, about, Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
            return False
        write(change.request, about, Outcome.ACCEPTED, by=by)
        Event.objects.create(what=change.told_as, node=node, by_panel=True, values={"person": str(by)})
        announce(("node", str(node.pk)))
    return True


def set_addresses(node: Node, peer_uri: str, peer_address: str, *, by: Viewer) -> bool:
    """How other nodes reach it, from the next migration on; "" each for what the node says itself. False if that was so
    already."""
    about, request = about_node(node), Request.CHANGE_ADDRESSES
    with noting_refusals(request, about, by=by), transaction.atomic():
        require_may_manage_nodes(by)
        addresses = {"peer_uri": peer_uri, "peer_address": peer_address}
        if not Node.objects.filter(pk=node.pk).exclude(**addresses).update(**addresses):
            write(request, about, Outcome.REFUSED, by=by, reason=Why.NOTHING_TO_DO)
            return False
        write(request, about, Outcome.ACCEPTED, by=by, values={"address": _said(*addresses.values())})
        announce(("node", str(node.pk)))
    return True


def remove_node(node: Node, *, by: Viewer) -> None:
    """Forget a node, and the backups that only it sees: see only_seen_by(). Its machines run on untouched, so it may
    have none that are still known here."""
    with noting_refusals(Request.REMOVE_NODE, about_node(node), by=by), transaction.atomic():
        require_may_manage_nodes(by)
        Node.objects.select_for_update().get(pk=node.pk)  # what the watcher hears of it has to wait
        moving = Operation.objects.filter(action=Action.MIGRATE, finished_at=None)
        moving = moving.filter(Q(arguments__home=node.pk) | Q(arguments__to=node.pk))
        present = Vm.objects.filter(Q(node=node) | Q(pk__in=moving.values("vm")), deleted_at=None).count()
        if present:
            raise NodeStillHasMachines(present)
        pools = list(node.vm_pools.all())
        if only_here := [pool.name for pool in pools if pool.nodes.count() == 1]:
            raise NodeIsAllOfAPool(only_here)
        announce(("node", str(node.pk)), COUNTS, *(("pool", str(pool.pk)) for pool in pools))
        leave_backups_to_others(node)
        Operation.objects.filter(vm__node=node).delete()
        _write_down_the_removal(node, by)
        write(Request.REMOVE_NODE, about_node(node), Outcome.ACCEPTED, by=by)
        node.forget()


def _write_down_the_removal(node: Node, by: Viewer) -> None:
    """Of no node, or it would go with it."""
    Event.objects.create(
        what=What.NODE_REMOVED, by_panel=True, values={"node": node.name, "key": node.pk, "person": str(by)}
    )


def _said(*addresses: str) -> str:
    return ", ".join(address for address in addresses if address)
