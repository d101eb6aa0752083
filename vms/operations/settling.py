"""Computes the status from the facts and writes it down. Whoever changes a fact calls this in the same transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vms.models import Node, Vm
from vms.models.facts import facts_of
from vms.models.vm import VmQuerySet
from vms.operations.announcing import Subject, announce
from vms.rules.kinds import Kind
from vms.rules.status import status_of

OF_DYNAMIC_POOLS = frozenset({Kind.DYNAMIC, Kind.GOLDEN_IMAGE})


def settle(*uuids: UUID) -> None:
    """Bring the status of these machines up to date, and announce them: something about them has changed."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.update(uuids)
        return
    with transaction.atomic():
        pools = _write_statuses(Vm.objects.all().filter(pk__in=uuids))
        announce(*(("vm", str(uuid)) for uuid in uuids), *pools)


@contextmanager
def settled_together() -> Iterator[None]:
    """All machines whose facts change in this block are settled at its end, with as many queries as one of them and
    in one announcement. For the inside of a transaction: until then the facts are ahead of the status."""
    gathered: set[UUID] = set()
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    if gathered:
        settle(*gathered)


_gathered: ContextVar[set[UUID] | None] = ContextVar("_gathered", default=None)


def settle_node(node: Node) -> None:
    """The same for all machines of a node, which was lost or found."""
    with transaction.atomic():
        machines = Vm.objects.filter(node=node, deleted_at=None)
        pools = _write_statuses(machines)
        uuids = machines.values_list("pk", flat=True)
        announce(("node", str(node.pk)), *(("vm", str(uuid)) for uuid in uuids), *pools)


def _write_statuses(machines: VmQuerySet) -> set[Subject]:
    """Each machine is held first, so that nobody who changes another of its facts at the same time is overlooked. The
    pools whose pages tell of these machines."""
    pools: set[Subject] = set()
    for vm in machines.order_by("pk").select_for_update(of=("self",)).with_operations_under_way():
        status = status_of(facts_of(vm, vm.under_way))
        main, second = str(status.main), str(status.second or "")
        Vm.objects.filter(~Q(main=main, second=second), pk=vm.pk).update(
            main=main, second=second, status_since=timezone.now()
        )
        if vm.pool_id and vm.kind in OF_DYNAMIC_POOLS:
            pools.add(("pool", str(vm.pool_id)))
    return pools
