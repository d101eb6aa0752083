from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest

from demo.nodes import LocalNode
from tests.hypervisor.places import Place
from tests.nodes import Nodes, guest, node_directory, nodes
from vms.hypervisor import fake, libvirt_driver
from vms.hypervisor.libvirt_driver import connections

__all__ = ["guest", "node_directory", "nodes"]

Opened = Callable[[], list[libvirt.virConnect]]

REAL = pytest.param("real", marks=pytest.mark.live)
NODE = """<node><domain type='test'><name>old</name><uuid>{uuid}</uuid><memory>8192</memory>
<os><type arch='i686'>hvm</type></os></domain>
<pool type='dir'><name>images</name><target><path>/images</path></target></pool></node>"""


@pytest.fixture
def live_node(nodes: Nodes) -> LocalNode:
    return nodes.alpha


@pytest.fixture(params=["fake", "test", REAL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Everywhere by default; a test that needs what not all can do names its places."""
    if request.param == "fake":
        found = fake_place()
    elif request.param == "test":
        found = test_driver_place(tmp_path)
    else:
        found = real_place(request.getfixturevalue("live_node"))
    yield found
    found.clear()
    forget(found.uri)


def fake_place() -> Place:
    uri = f"fake://{uuid4()}"
    fake.add_node(uri)
    return Place(fake, uri)


def real_place(node: LocalNode) -> Place:
    return Place(libvirt_driver, node.uri, images=str(node.images), processes=node.guest_processes)


def test_driver_place(folder: Path) -> Place:
    """With a machine of its own, for it starts none otherwise."""
    (folder / "node.xml").write_text(NODE.format(uuid=uuid4()))
    return Place(libvirt_driver, f"test://{folder}/node.xml", domain_type="test", arch="i686")


def forget(uri: str) -> None:
    """As a new process would begin: no connection, no back-off."""
    attempt = connections._attempts.pop(uri, None)
    if attempt is not None and attempt._link is not None:
        attempt._link.close()


@pytest.fixture
def opened_here() -> Opened:
    """The connections opened since the test began; a call that libvirt never woke may hold an older one for ever."""
    gc.collect()
    before = open_connections()

    def since() -> list[libvirt.virConnect]:
        gc.collect()
        return [connection for connection in open_connections() if not any(connection is old for old in before)]

    return since


def open_connections() -> list[libvirt.virConnect]:
    """In this process: those that libvirt's Python module still holds."""
    found = [thing for thing in gc.get_objects() if type(thing) is libvirt.virConnect]
    return [connection for connection in found if connection._o is not None and connection.getType() == "QEMU"]
