"""Pools whose machines people take, on the two nodes of the running panel; and whatever is left of them anywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import libvirt

from demo.landscape import shared_folder
from demo.nodes import LocalNode
from tests.clerks import Clerk, Refused
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Page, Visitor

TEMPLATE = "alpine-tiny"
"""Both nodes see its disk. It stays in its BIOS, which listens to nobody who asks it to shut down."""
PATIENCE = 90
TOO_MANY = "VMs of this pool are taken"


@dataclass(frozen=True)
class Desktop:
    """A dynamic VM as the panel has it in its tables. owner: a name, "" for nobody."""

    uuid: UUID
    name: str
    node: str
    main: str
    owner: str
    is_free: bool
    image: UUID
    is_busy: bool

    @property
    def is_ready(self) -> bool:
        return self.is_free and self.main == "Running" and not self.is_busy


@dataclass(frozen=True)
class Left:
    """What there is of a pool's machines: on the nodes, in its folder, in the panel's tables."""

    domains: frozenset[UUID]
    overlays: frozenset[str]
    rows: frozenset[UUID]
    diskless: bool = False

    @property
    def is_tidy(self) -> bool:
        """Of each machine there is all of it, once."""
        overlays = sorted(overlay.removesuffix(".qcow2").split("-")[-2] for overlay in self.overlays)
        wanted = [] if self.diskless else sorted(row.hex[:8] for row in self.rows)
        return self.domains == self.rows and overlays == wanted


@dataclass(frozen=True)
class Room:
    """A dynamic pool. Its machines are called after it. since: what came before is no part of this test."""

    stack: Stack
    clerk: Clerk
    uuid: UUID
    name: str
    folder: Path
    diskless: bool = False
    since: str = ""

    @property
    def anew(self) -> Room:
        """From now on."""
        return replace(self, since=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")

    # --- what an administrator does -------------------------------------------------------------------
    def change(self, **wish: Any) -> None:
        self.clerk.ask("change", pool=str(self.uuid), **wish)

    def switch(self, *, on: bool) -> None:
        self.clerk.ask("switch", pool=str(self.uuid), on=on)

    def make_image(self, name: str, *, prepared: bool = False, activate: bool = True, template: str = TEMPLATE) -> UUID:
        """Promised, as soon as the panel knows where. Once it is sealed, it stands alone."""
        wish = {"template": template, "name": name, "prepared": prepared, "activate": activate}
        made: list[str] = []

        def is_promised() -> bool:
            with suppress(Refused):
                made.append(self.clerk.ask("make_image", pool=str(self.uuid), **wish))
            return bool(made)

        assert wait_until(is_promised, seconds=30)
        return UUID(made[0])

    def has_image(self, image: UUID, *, seconds: float = 60) -> None:
        """The pool's next machines stand on it."""
        assert wait_until(lambda: self.active_image == image, seconds=seconds), self.operations()

    def delete_image(self, image: UUID) -> None:
        """With its disk."""
        disk = self.disk_of(image)
        self.clerk.ask("act", vm=str(image), action="delete", arguments={"disks": [str(disk)]})
        assert wait_until(lambda: not disk.exists(), seconds=30), self.operations()[:8]

    def power_off(self, vm: UUID) -> None:
        self.clerk.ask("act", vm=str(vm), action="power_off")

    def visitors(self, *names: str) -> list[Visitor]:
        """People who may use its machines, logged in."""
        sessions = self.clerk.ask("add_people", pool=str(self.uuid), names=names)
        return [Visitor(self.stack, name, session=session) for name, session in zip(names, sessions, strict=True)]

    # --- what the panel knows --------------------------------------------------------------------------
    @property
    def active_image(self) -> UUID | None:
        (row,) = self._rows("SELECT active_id FROM vms_vmpool WHERE uuid = ?", self.uuid.hex)
        return UUID(row["active_id"]) if row["active_id"] else None

    def desktops(self) -> list[Desktop]:
        """That there are."""
        asked = """SELECT vm.uuid, vm.name, node.name AS node, vm.main, person.username AS owner, vm.origin_id,
            vm.assigned_at IS NULL AS is_free, EXISTS (SELECT 1 FROM vms_operation
                WHERE vm_id = vm.uuid AND finished_at IS NULL) AS is_busy
            FROM vms_vm vm JOIN vms_node node ON node.id = vm.node_id
            LEFT JOIN directory_person person ON person.id = vm.assigned_to_id
            WHERE vm.pool_id = ? AND vm.kind = 'dynamic' AND vm.deleted_at IS NULL ORDER BY vm.name"""
        return [
            Desktop(
                *(UUID(row["uuid"]), row["name"], row["node"], row["main"], row["owner"] or ""),
                *(bool(row["is_free"]), UUID(row["origin_id"]), bool(row["is_busy"])),
            )
            for row in self._rows(asked, self.uuid.hex)
        ]

    def ready(self) -> list[Desktop]:
        return [each for each in self.desktops() if each.is_ready]

    def taken(self) -> dict[str, UUID]:
        """By who has them. Fails if somebody has two."""
        found = [(each.owner, each.uuid) for each in self.desktops() if each.owner]
        assert len(found) == len(dict(found)), found
        return dict(found)

    def operations(self) -> list[dict[str, Any]]:
        """Of all of its machines, the newest first."""
        asked = """SELECT op.id, op.action, op.progress, op.phase, op.steps_done, op.problem, op.evidence, vm.name
            FROM vms_operation op JOIN vms_vm vm ON vm.uuid = op.vm_id
            WHERE vm.pool_id = ? ORDER BY op.id DESC LIMIT 200"""
        return self._rows(asked, self.uuid.hex)

    def most_there_ever_were(self) -> int:
        """At the same time, as its rows tell."""
        asked = "SELECT found_at, deleted_at FROM vms_vm WHERE pool_id = ? AND kind = 'dynamic' AND found_at > ?"
        moments = []
        for row in self._rows(asked, self.uuid.hex, self.since):
            moments += [(row["found_at"], 1), *([(row["deleted_at"], -1)] if row["deleted_at"] else [])]
        most = there = 0
        for _moment, change in sorted(moments):
            there += change
            most = max(most, there)
        return most

    def _rows(self, asked: str, *values: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.stack.database, timeout=20)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(asked, values)]

    # --- what there really is --------------------------------------------------------------------------
    def left(self) -> Left:
        rows = {each.uuid for each in self.desktops()}
        overlays = {file.name for file in self.folder.glob(f"{self.name}-*")}
        return Left(frozenset(self._domains()), frozenset(overlays), frozenset(rows), self.diskless)

    def _domains(self) -> Iterator[UUID]:
        for node in self._nodes:
            with node.connected() as connection:
                for domain in connection.listAllDomains():
                    with suppress(libvirt.libvirtError):  # it has just gone
                        if domain.name().startswith(f"{self.name}-"):
                            yield UUID(domain.UUIDString())

    @property
    def _nodes(self) -> Iterable[LocalNode]:
        return (self.stack.alpha, self.stack.beta)

    def machine(self, vm: UUID) -> Machine:
        """A golden image, too."""
        asked = "SELECT vm.name, node.name AS node FROM vms_vm vm JOIN vms_node node ON node.id = vm.node_id"
        (found,) = self._rows(f"{asked} WHERE vm.uuid = ?", vm.hex)
        node = self.stack.alpha if found["node"] == "alpha" else self.stack.beta
        return Machine(node, vm, found["name"])

    def disk_of(self, vm: UUID) -> Path:
        """Of a golden image, too."""
        (found,) = self.folder.glob(f"*-{vm.hex[:8]}-*.qcow2")
        return found

    # --- what it comes to --------------------------------------------------------------------------------
    def comes_to(self, *, ready: int, taken: int = 0, seconds: float = PATIENCE) -> None:
        """So many run for nobody, on the active golden image, people have so many, nothing is under way, and nothing
        else is anywhere."""

        def is_so() -> bool:
            there, image = self.desktops(), self.active_image
            are_ready = sum(each.is_ready and each.image == image for each in there)
            counts = (are_ready, sum(not each.is_free for each in there), len(there))
            return counts == (ready, taken, ready + taken) and self.left().is_tidy

        assert wait_until(is_so, seconds=seconds), (self.desktops(), self.left(), self.operations()[:8])

    def is_gone(self, vm: UUID, *, seconds: float = 40) -> None:
        """VM, domain, overlay."""

        def is_so() -> bool:
            left = self.left()
            overlays = [each for each in left.overlays if vm.hex[:8] in each]
            return vm not in left.rows and vm not in left.domains and not overlays

        assert wait_until(is_so, seconds=seconds), (vm, self.left(), self.operations()[:8])

    def is_emptied(self) -> None:
        """No machine of it is left, whoever had one."""
        self.change(minimum=0, pre_started=0)
        self.switch(on=False)

        def is_so() -> bool:
            for each in self.desktops():
                if not each.is_busy and each.main == "Running":
                    with suppress(Refused):  # it is just being ended
                        self.power_off(each.uuid)
            return not self.desktops() and self.left().is_tidy

        assert wait_until(is_so, seconds=PATIENCE), (self.desktops(), self.left(), self.operations()[:8])


def open_pool(who: Visitor, room: Room) -> Page:
    """The page that the button leads to."""
    return who.post(f"/pools/{room.uuid}/open/")


def opened(who: Visitor, room: Room) -> UUID:
    """Whose machine it is now, as soon as its screen is shown."""
    pages = [open_pool(who, room)]

    def shows_its_screen() -> bool:
        if not pages[-1].url.endswith("/use/"):
            pages.append(who.get(f"/pools/{room.uuid}/mine/"))
        return pages[-1].url.endswith("/use/")

    assert wait_until(shows_its_screen, seconds=40), (pages[0].words("alert"), pages[-1].url, pages[-1].text)
    return UUID(pages[-1].url.rstrip("/").split("/")[-2])


@contextmanager
def room_on(stack: Stack, clerk: Clerk, name: str, *, diskless: bool = False, **wish: Any) -> Iterator[Room]:
    """No machine of it is left at the end."""
    usual = {"folder": str(shared_folder(stack.data)), "most_vms": 10, "warn_minutes": 0}
    uuid = UUID(clerk.ask("add", name=name, **(asked := usual | wish)))
    room = Room(stack, clerk, uuid, name, Path(str(asked["folder"])), diskless)
    yield room
    for node in (stack.alpha, stack.beta):
        node.thaw()
        node.start()
    room.is_emptied()
