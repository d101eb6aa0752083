"""A node that dies, hangs or refuses costs its own callers little, and nobody else anything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from uuid import uuid4

import pytest

from demo.nodes import LocalNode
from tests.hypervisor.conftest import Opened, forget
from tests.hypervisor.places import Place, wait_for
from vms.hypervisor import fake, libvirt_driver
from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import (
    AddressNotUnderstood,
    LoginRefused,
    NodeDoesNotAnswer,
    NodeUnreachable,
)
from vms.hypervisor.libvirt_driver import connections, link
from vms.hypervisor.libvirt_driver.driver import LibvirtHypervisor
from vms.rules.events import ConnectionLost, NodeEvent

live = pytest.mark.live


@pytest.fixture
def silent_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, socket.socket]]:
    """It accepts and never answers; the patience with it is shortened for the test."""
    monkeypatch.setattr(connections, "OPEN_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        uri = f"qemu+unix:///session?socket={tmp_path}/s"
        yield uri, listening
        forget(uri)


@pytest.fixture
def real_uri(live_node: LocalNode) -> Iterator[str]:
    forget(live_node.uri)
    yield live_node.uri
    forget(live_node.uri)


def seconds_for(call: Callable[[], object]) -> float:
    start = monotonic()
    call()
    return monotonic() - start


def refusal_of(uri: str) -> type[NodeUnreachable]:
    try:
        libvirt_driver.connect(uri)
    except NodeUnreachable as error:
        return type(error)
    raise AssertionError("it was reached")


def test_a_node_that_accepts_and_says_nothing_is_given_up(silent_node: tuple[str, socket.socket]) -> None:
    uri, _ = silent_node
    start = monotonic()
    assert refusal_of(uri) is NodeDoesNotAnswer
    assert 0.4 < monotonic() - start < 2


def test_while_an_attempt_hangs_no_second_one_is_begun(silent_node: tuple[str, socket.socket]) -> None:
    uri, listening = silent_node
    assert refusal_of(uri) is NodeDoesNotAnswer
    listening.accept()
    listening.settimeout(0.2)
    for _ in range(20):
        assert seconds_for(lambda: refusal_of(uri)) < 0.1
    with pytest.raises(TimeoutError):
        listening.accept()


def test_callers_at_the_same_time_share_one_attempt(silent_node: tuple[str, socket.socket]) -> None:
    uri, listening = silent_node
    with ThreadPoolExecutor(8) as callers:
        assert set(callers.map(refusal_of, [uri] * 8)) == {NodeDoesNotAnswer}
    listening.accept()
    listening.settimeout(0.2)
    with pytest.raises(TimeoutError):
        listening.accept()


def test_a_node_that_hangs_does_not_hold_up_another(
    silent_node: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OPEN_SECONDS", 3)
    with ThreadPoolExecutor(1) as callers:
        hanging = callers.submit(refusal_of, silent_node[0])
        assert seconds_for(lambda: libvirt_driver.connect("test:///default").machines()) < 1
        assert not hanging.done()
        silent_node[1].accept()[0].close()
        assert hanging.result() is NodeUnreachable
    forget("test:///default")


@pytest.mark.parametrize(
    ("uri", "refusal"),
    [
        ("", AddressNotUnderstood),
        ("alpha", AddressNotUnderstood),
        ("qemu+bogus:///system", AddressNotUnderstood),
        ("qemu+ssh://two words/system", AddressNotUnderstood),
        ("://", AddressNotUnderstood),
        ("qemu+unix:///session?socket=/nowhere\x00", AddressNotUnderstood),
        ("test:///nowhere.xml", AddressNotUnderstood),
        ("qemu+unix:///session?socket=/nowhere", NodeUnreachable),
        ("qemu+tcp://127.0.0.1:1/system", NodeUnreachable),
    ],
)
def test_an_address_that_leads_nowhere_is_told_apart(uri: str, refusal: type[NodeUnreachable]) -> None:
    assert refusal_of(uri) is refusal
    forget(uri)


def test_a_login_that_is_refused_is_told_apart(tmp_path: Path) -> None:
    """An ssh that says no, as ssh says it."""
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\necho 'panel@alpha: Permission denied (publickey).' >&2\nexit 255\n")
    ssh.chmod(0o755)
    uri = f"qemu+ssh://panel@alpha/system?command={ssh}"
    assert refusal_of(uri) is LoginRefused
    forget(uri)


def test_after_a_failure_it_waits_longer_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    uri = f"qemu+unix:///session?socket=/nowhere/{uuid4()}"
    waits = []
    for _ in range(8):
        refusal_of(uri)
        waits.append(seconds_until_a_new_attempt(uri, clock))
    assert waits == [0.5, 1, 2, 4, 8, 15, 15, 15]
    forget(uri)


def test_the_last_error_is_told_again_while_it_waits() -> None:
    uri = f"qemu+unix:///session?socket=/nowhere/{uuid4()}"
    with pytest.raises(NodeUnreachable) as first:
        libvirt_driver.connect(uri)
    with pytest.raises(NodeUnreachable) as second:
        libvirt_driver.connect(uri)
    assert str(first.value) == str(second.value)
    assert "No such file" in str(second.value)
    forget(uri)


@live
def test_there_is_one_connection_however_many_ask(real_uri: str) -> None:
    with ThreadPoolExecutor(16) as callers:
        found = list(callers.map(libvirt_driver.connect, [real_uri] * 50))
    assert len({link_of(hypervisor) for hypervisor in found}) == 1


@live
def test_after_the_daemon_died_the_next_call_says_so_and_the_one_after_its_return_works(
    live_node: LocalNode, real_uri: str
) -> None:
    hypervisor = libvirt_driver.connect(real_uri)
    live_node.kill_daemon()
    with pytest.raises(NodeUnreachable):
        hypervisor.machines()
    assert not hypervisor.is_alive()
    assert refusal_of(real_uri) is NodeUnreachable
    live_node.start()
    wait_for(lambda: reaches(real_uri))
    assert isinstance(libvirt_driver.connect(real_uri).machines(), list)


@live
def test_followers_hear_that_the_daemon_died_and_nothing_of_it_is_kept(
    live_node: LocalNode, real_uri: str, opened_here: Opened
) -> None:
    events = libvirt_driver.follow(real_uri)
    live_node.kill_daemon()
    assert events.get(timeout=5) == ConnectionLost()
    live_node.start()
    wait_for(lambda: reaches(real_uri))
    again = libvirt_driver.follow(real_uri)
    assert len(opened_here()) == 1
    assert again.empty()
    assert events.empty()


@live
def test_a_frozen_node_does_not_hold_a_caller_for_ever(
    live_node: LocalNode, real_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert link.KEEPALIVE_SECONDS * (link.KEEPALIVES_UNANSWERED + 1) == 20
    monkeypatch.setattr(link, "KEEPALIVE_SECONDS", 1)
    hypervisor = libvirt_driver.connect(real_uri)
    events = libvirt_driver.follow(real_uri)
    live_node.freeze()
    try:
        start = monotonic()
        with pytest.raises(NodeUnreachable):
            hypervisor.machines()
        assert monotonic() - start < 6
        assert events.get(timeout=1) == ConnectionLost()
    finally:
        live_node.thaw()
    wait_for(lambda: reaches(real_uri))


@live
def test_an_attempt_that_was_given_up_is_used_if_it_succeeds_later(
    live_node: LocalNode,
    real_uri: str,
    opened_here: Opened,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "OPEN_SECONDS", 0.3)
    live_node.freeze()
    try:
        assert refusal_of(real_uri) is NodeDoesNotAnswer
    finally:
        live_node.thaw()
    wait_for(lambda: reaches(real_uri))
    assert len(opened_here()) == 1


@live
def test_who_lets_go_of_the_queue_is_no_follower_any_more(real_uri: str) -> None:
    events: SimpleQueue[NodeEvent] | None = libvirt_driver.follow(real_uri)
    followed = link_of(libvirt_driver.connect(real_uri))
    assert followed._callbacks
    del events
    libvirt_driver.connect(real_uri)
    assert not followed._callbacks
    assert followed.stands()


@live
def test_a_closed_connection_leaves_nothing_open(real_uri: str, opened_here: Opened) -> None:
    events = libvirt_driver.follow(real_uri)
    libvirt_driver.connect(real_uri).close()
    assert events.get(timeout=1) == ConnectionLost()
    assert opened_here() == []


@live
def test_a_forked_child_neither_uses_nor_harms_its_parents_connection(real_uri: str) -> None:
    hypervisor = libvirt_driver.connect(real_uri)
    child = os.fork()
    if child == 0:
        os._exit(0 if refused_in_child(real_uri, hypervisor) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert isinstance(hypervisor.machines(), list)


@live
def test_children_forked_before_the_first_use_have_connections_of_their_own(real_uri: str) -> None:
    program = (
        "import os, sys\n"
        "from vms.hypervisor import libvirt_driver\n"
        "child = os.fork()\n"
        "libvirt_driver.follow(sys.argv[1])\n"
        "libvirt_driver.connect(sys.argv[1]).machines()\n"
        "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", program, real_uri], check=True, timeout=20)


def test_errors_are_raised_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    refusal_of(f"qemu+unix:///session?socket=/nowhere/{uuid4()}")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["fake"], indirect=True)
def test_the_fake_can_be_unreachable_too(place: Place) -> None:
    hypervisor, events = place.connect(), place.driver.follow(place.uri)
    node = fake._nodes[place.uri]
    node.be_unreachable()
    assert events.get(timeout=1) == ConnectionLost()
    with pytest.raises(NodeUnreachable):
        hypervisor.machines()
    with pytest.raises(NodeUnreachable):
        place.connect()
    node.be_reachable()
    assert place.connect().machines() == []


class Clock:
    """The driver's clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(connections, "monotonic", lambda: self.now)


def seconds_until_a_new_attempt(uri: str, clock: Clock) -> float:
    """The clock stands there afterwards."""
    attempt, start = connections._attempts[uri], clock.now
    while not attempt.is_over():
        clock.now += 0.25
    return clock.now - start


def reaches(uri: str) -> bool:
    try:
        libvirt_driver.connect(uri)
    except NodeUnreachable:
        return False
    return True


def link_of(hypervisor: Hypervisor) -> link.Link:
    assert isinstance(hypervisor, LibvirtHypervisor)
    return hypervisor._link


def refused_in_child(uri: str, inherited: Hypervisor) -> bool:
    for call in (lambda: libvirt_driver.connect(uri), inherited.machines):
        try:
            call()
        except NodeUnreachable:
            continue
        return False
    return not inherited.is_alive()
