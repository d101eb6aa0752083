"""How a fake node is called: what every call of it goes through."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from vms.hypervisor.errors import NodeUnreachable, VmNotFound, WrongState
from vms.hypervisor.fake_node import FakeMachine, FakeNode
from vms.rules.power import Power


class FakeCalls:
    """A connection to a fake node. It stays with the followers it began with, so that it breaks together with them."""

    def __init__(self, node: FakeNode) -> None:
        self._node = node
        self._followers = node.followers

    def is_alive(self) -> bool:
        return self._followers is self._node.followers

    def close(self) -> None:
        if self.is_alive():
            self._node.break_connection()

    @contextmanager
    def _call(self, name: str) -> Iterator[FakeNode]:
        with self._standing() as node:
            node.require_no_failure(name)
            yield node

    @contextmanager
    def _standing(self) -> Iterator[FakeNode]:
        with self._node.lock:
            if not self.is_alive():
                raise NodeUnreachable(f"the connection to {self._node.uri} was lost")
            yield self._node

    @contextmanager
    def _machine(self, call: str, vm: UUID, possible_in: frozenset[Power] | None = None) -> Iterator[FakeMachine]:
        with self._call(call) as node:
            machine = node.machines.get(vm)
            if machine is None:
                raise VmNotFound(str(vm))
            if possible_in is not None and machine.power not in possible_in:
                raise WrongState(f"{machine.name} is {machine.power}")
            yield machine
