"""Two places between which machines move: fake nodes or real ones, spoken to in the same way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

from demo.nodes import LocalNode
from tests.hypervisor.places import Place, wait_for
from tests.hypervisor.test_disks import DISK
from vms.hypervisor import fake, fake_migrating
from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import DiskInUse
from vms.hypervisor.migrating import CallState, Destination, How, Migration, Outcome
from vms.rules.whereabouts import Call, Next, Side, Whereabouts, next_step

MIB = 1024 * 1024
SIZE = 64 * MIB
CONTENT = 48 * MIB
SLOWLY = 2 * MIB


@dataclass
class Journey:
    """shared: a folder in which both see the same files."""

    source: Place
    destination: Place
    shared: str
    node: LocalNode | None = None

    @property
    def here(self) -> Hypervisor:
        return self.source.connect()

    @property
    def there(self) -> Hypervisor:
        return self.destination.connect()

    @property
    def is_fake(self) -> bool:
        return self.node is None

    def make(self, name: str, *disks: str, extra: str = "") -> UUID:
        devices = "".join(
            DISK.format(path=path, target=f"vd{letter}") for path, letter in zip(disks, "abc", strict=False)
        )
        vm = self.source.make(name, devices=devices, extra=extra)
        self.destination.made.append(vm)
        return vm

    def image_on_both(self) -> str:
        path = f"{self.shared}/{uuid4()}.qcow2"
        self._make(self.source, path)
        if self.is_fake:
            self._make(self.destination, path)
        return path

    def image_here(self) -> str:
        path = f"{self.source.images}/{uuid4()}.qcow2"
        self._make(self.source, path)
        return path

    def image_there(self) -> str:
        """An empty one, for a disk to be copied into."""
        path = f"{self.destination.images}/{uuid4()}.qcow2"
        self.there.make_image(path, SIZE)
        return path

    def send(
        self,
        vm: UUID,
        *,
        live: bool = True,
        disks: dict[str, str] | None = None,
        limit: int = 0,
        converges: bool = False,
        post_copy: bool = False,
    ) -> None:
        how = How(live, disks or {}, limit, converges, post_copy)
        self.here.send(vm, Destination(self.destination.uri), how)

    def be_half_way(self, vm: UUID, seconds: float = 20) -> Migration:
        """Some of it has gone, and the destination has half a machine."""
        if self.is_fake:
            fake_migrating.go_on(fake._nodes[self.source.uri], vm, 16 * MIB)
        wait_for(lambda: self.far(vm) > 0, seconds)
        found = self.here.migration(vm)
        assert found is not None
        return found

    def far(self, vm: UUID) -> int:
        found = self.here.migration(vm)
        return 0 if found is None else found.disks_done + found.memory_done

    def arrive(self, vm: UUID, seconds: float = 40) -> None:
        if self.is_fake:
            fake_migrating.arrive(fake._nodes[self.source.uri], vm)
        outcome = self.end(vm, seconds)
        assert outcome.state is CallState.SUCCEEDED, outcome

    def end(self, vm: UUID, seconds: float = 40) -> Outcome:
        """What came of the call."""
        wait_for(lambda: (found := self.here.outcome(vm)) and found.state is not CallState.UNDER_WAY, seconds)
        outcome = self.here.outcome(vm)
        assert outcome is not None
        return outcome

    def next_step(self, vm: UUID, *, live: bool = True, settled: bool = True, knows_the_call: bool = True) -> Next:
        outcome = self.here.outcome(vm) if knows_the_call else None
        source, destination = self.side(self.source, vm), self.side(self.destination, vm)
        is_leaving = source is not Side.ABSENT and self.here.migration(vm) is not None
        call = Call.UNDER_WAY if is_leaving else outcome.call if outcome else Call.UNKNOWN
        return next_step(Whereabouts(call, source, destination, live=live, settled=settled))

    def side(self, place: Place, vm: UUID) -> Side:
        found = place.connect().presence(vm)
        return Side.ABSENT if found is None else found.side

    def clear(self) -> None:
        for place in (self.source, self.destination):
            place.clear()
        for place in (self.source, self.destination):
            self._clear_images(place)

    def _clear_images(self, place: Place) -> None:
        for node in [fake._nodes[place.uri]] if self.is_fake else []:
            node.images.clear()
        if self.node is not None:
            for folder in (place.images, self.shared):
                self.node.account.run("find", folder, "-name", "*.qcow2", "-delete")

    def _make(self, place: Place, path: str) -> None:
        with suppress(DiskInUse):
            place.connect().make_image(path, SIZE)
        if self.node is not None:
            self.node.account.run("qemu-io", "-f", "qcow2", "-c", f"write -q -P 7 0 {CONTENT // MIB}M", path)
