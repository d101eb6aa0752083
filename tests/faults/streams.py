"""Templates with real content, VMs made from them as a person does it, and what became of their disks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from uuid import UUID, uuid4

import lxml.html

from demo import processes
from demo.machines import Machine as Drawing
from demo.machines import PanelNote
from demo.pools import ensure_pool
from tests.stack import Machine, Stack, wait_until
from tests.visitor import Page, Visitor

MAKING = "Make a persistent VM"


@dataclass(frozen=True)
class Template:
    """A stopped machine that stays in its BIOS, whose disks are full of noise."""

    machine: Machine
    disks: tuple[Path, ...]

    @property
    def uuid(self) -> UUID:
        return self.machine.uuid


@contextmanager
def template(
    stack: Stack, name: str, *, sizes: tuple[int, ...] = (64,), folder: Path | None = None
) -> Iterator[Template]:
    """On alpha, with disks of so many MiB. Its images are removed at the end, and all that were made of it."""
    place = folder or stack.alpha.images
    disks = tuple(place / f"{name}-{number}.qcow2" for number in range(len(sizes)))
    for disk, size in zip(disks, sizes, strict=True):
        write_noise(stack, disk, size)
    drawing = Drawing(name, disks=disks, note=PanelNote(name, "template", "ready for use"))
    try:
        with stack.machine(name, drawing.xml()) as machine:
            yield Template(machine, disks)
            for copy in _made_of(stack, machine.uuid):
                copy.remove()
                _remove(place, f"{copy.name}-{copy.uuid.hex[:8]}-")
    finally:
        _remove(place, name)


def _remove(folder: Path, begin: str) -> None:
    for left in folder.glob(f"{begin}*"):
        left.unlink()


def _made_of(stack: Stack, origin: UUID) -> list[Machine]:
    with stack.alpha.connected() as connection:
        return [
            Machine(stack.alpha, UUID(domain.UUIDString()), domain.name())
            for domain in connection.listAllDomains()
            if str(origin) in domain.XMLDesc()
        ]


@contextmanager
def small_pool(stack: Stack, name: str, *, mib: int, on: str = "alpha") -> Iterator[Path]:
    """The folder of a storage pool of a node that holds so much and no more."""
    node = stack.alpha if on == "alpha" else stack.beta
    folder = node.account.make_directory(stack.data / name)
    owner = f"size={mib}m,mode=700,uid={node.account.uid},gid={node.account.gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", owner, "tmpfs", folder], check=True)
    try:
        with node.connected() as connection:
            ensure_pool(connection, name, folder)
            stack.kill("watcher")  # a new one looks at all storage at once
            yield folder
            pool = connection.storagePoolLookupByName(name)
            pool.destroy()
            pool.undefine()
    finally:
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", folder], check=True)


def write_noise(stack: Stack, path: Path, size: int) -> None:
    """An image of so many MiB, no two blocks of which are alike."""
    plain = path.with_suffix(".noise")
    stack.alpha.account.run("dd", "if=/dev/urandom", f"of={plain}", "bs=1M", f"count={size}", "status=none")
    stack.alpha.account.run("qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", plain, path)
    plain.unlink()


@dataclass(frozen=True)
class Wish:
    """limit: MiB per second; start: at once."""

    name: str
    count: int = 1
    limit: int = 0
    start: bool = False
    on: str = "alpha"
    pool: str = "images"


def filled_in(who: Visitor, origin: UUID, wish: Wish) -> dict[str, str]:
    """The fields of the dialog, answered: those that the wish does not name are left as they are."""
    form = _dialog(who, origin)
    pool = f"//optgroup[@label='{wish.on}']/option[starts-with(normalize-space(), '{wish.pool}, ')]/@value"
    offered = form.xpath("//form[.//input[@name='memory']]")[0].fields
    answers = {name: str(value) for name, value in offered.items() if value and name != "start"}
    answers |= {"name": wish.name, "count": str(wish.count), "limit": str(wish.limit), "node": wish.on}
    answers |= {"pool": form.xpath(pool)[0], "step": "make", "key": str(uuid4())}
    return answers | ({"start": "on"} if wish.start else {})


def _dialog(who: Visitor, origin: UUID) -> lxml.html.HtmlElement:
    """As soon as the panel knows the template and the pools of its node."""
    pages: list[Page] = []

    def can_be_filled_in() -> bool:
        pages.append(who.get(f"/vms/{origin}/persistent/"))
        return bool(pages[-1].html.xpath("//optgroup"))

    assert wait_until(can_be_filled_in, seconds=40), pages[-1].text
    return pages[-1].html


def ask_for(who: Visitor, origin: UUID, answers: dict[str, str]) -> Page:
    """The page that the answered dialog leads to."""
    return who.post(f"/vms/{origin}/persistent/", part=False, **answers)


def make(stack: Stack, who: Visitor, origin: UUID, wish: Wish) -> list[Machine]:
    """The VMs, as soon as the panel has promised them."""
    return promised(stack, ask_for(who, origin, filled_in(who, origin, wish)), wish)


def promised(stack: Stack, page: Page, wish: Wish) -> list[Machine]:
    links = page.html.xpath("//*[@id='messages']//a")
    assert len(links) == wish.count, (page.url, page.words("alert"), page.words("field__error"))
    node = stack.alpha if wish.on == "alpha" else stack.beta
    return [Machine(node, UUID(link.get("href").split("/")[2]), link.text_content()) for link in links]


def percent(who: Visitor, machine: Machine) -> float:
    """How far its streaming is, 0 if the row does not say."""
    told = who.row(machine.uuid).html.xpath("//td/*[contains(@class, 'status')]/progress/@value")
    return float(told[0]) if told else 0.0


def comes_to(who: Visitor, machine: Machine, least: float, *, seconds: float = 40) -> None:
    """So many percent, or further."""
    assert wait_until(lambda: percent(who, machine) >= least, seconds=seconds), (
        f"{who.status(machine)}: {who.note(machine)}; {who.operations(machine)}"
    )


def disk_of(machine: Machine, number: int = 0, folder: Path | None = None) -> Path:
    """One that the panel made."""
    return sorted((folder or machine.node.images).glob(f"{machine.name}-{machine.uuid.hex[:8]}-*"))[number]


def stands_alone(machine: Machine, origin: Template, *, folder: Path | None = None) -> None:
    """Nothing is below its disks any more, nothing is broken, and what is in them is what was in the template's."""
    for number, below in enumerate(origin.disks):
        disk = disk_of(machine, number, folder)
        is_sound(disk)
        qemu_img("compare", "-U", disk, below)


def is_sound(disk: Path) -> None:
    """Nothing is below it, and nothing in it is broken."""
    assert "backing-filename" not in json.loads(qemu_img("info", "-U", "--output=json", disk))
    qemu_img("check", "-q", "-U", disk)


def qemu_img(*words: str | Path) -> str:
    done = subprocess.run(["qemu-img", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def operation_of(who: Visitor, machine: Machine, action: str = MAKING) -> str:
    """The address of its newest one."""
    rows = f"//tr[.//a[contains(@href, '{machine.uuid}')]]//th//a[normalize-space()='{action}']/@href"
    return str(who.get("/operations/").html.xpath(rows)[0])


def lift_limit(who: Visitor, *machines: Machine) -> None:
    """Let them stream as fast as they can."""
    for machine in machines:
        assert who.post(f"{operation_of(who, machine)}limit/", limit="0").status == 200


def kill_qemu(machine: Machine) -> None:
    """kill -9."""
    pid = machine.qemu()
    processes.send(pid, SIGKILL)
    assert wait_until(lambda: not processes.command_line(pid), seconds=5)
