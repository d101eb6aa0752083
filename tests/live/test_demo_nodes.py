from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import libvirt
import pytest

from demo.guest import Guest
from demo.landscape import Landscape
from demo.nodes import LocalNode
from demo.places import key_of, reachable, short_path
from demo.pools import ensure_disk
from demo.processes import command_line, is_stopped
from demo.settings import ROOT
from demo.sleeping import put_to_sleep, wake
from tests.nodes import (
    Nodes,
    agent_answers,
    define,
    guest_xml,
    is_off,
    reset_demo,
    running_demo,
    tiny_machine_xml,
    wait_until,
)

pytestmark = pytest.mark.live

MIB = 1024 * 1024


def names(node: LocalNode) -> list[str]:
    with node.connected() as connection:
        return sorted(domain.name() for domain in connection.listAllDomains())


def test_nodes_are_two_machines_with_their_own_pools(nodes: Nodes) -> None:
    with nodes.alpha.connected() as alpha, nodes.beta.connected() as beta:
        hosts = {connection.getCapabilities().partition("<uuid>")[2][:36] for connection in (alpha, beta)}
        assert len(hosts) == 2
        assert sorted(pool.name() for pool in alpha.listAllStoragePools()) == ["images", "shared"]
        shared = [connection.storagePoolLookupByName("shared").XMLDesc() for connection in (alpha, beta)]
        assert all(str(nodes.shared) in xml for xml in shared)


def test_a_machine_outlives_the_death_of_libvirtd(empty_nodes: Nodes) -> None:
    node = empty_nodes.alpha
    with node.connected() as connection:
        define(connection, tiny_machine_xml("survivor")).create()
    guests = node.guest_processes()

    node.kill_daemon()
    assert not node.running
    assert node.guest_processes() == guests

    node.restart_daemon()
    with node.connected() as connection:
        assert connection.lookupByName("survivor").isActive()
    assert node.guest_processes() == guests


def test_libvirtd_that_ends_in_order_leaves_its_machines_alone(empty_nodes: Nodes) -> None:
    node = empty_nodes.alpha
    with node.connected() as connection:
        define(connection, tiny_machine_xml("survivor")).create()
    before = node.daemon_pid

    node.restart_daemon()

    assert node.daemon_pid != before
    with node.connected() as connection:
        assert connection.lookupByName("survivor").isActive()


def test_a_frozen_node_answers_again_after_its_thaw(empty_nodes: Nodes) -> None:
    node = empty_nodes.alpha
    node.freeze()
    assert node.daemon_pid is not None
    assert is_stopped(node.daemon_pid)
    assert node.running

    node.thaw()

    assert names(node) == []


def test_starting_a_running_node_takes_it_over(empty_nodes: Nodes) -> None:
    node = empty_nodes.alpha
    before = node.processes()

    LocalNode(node.name, node.directory, shared=node.shared).start()

    assert node.processes() == before


def test_a_pid_file_that_names_a_stranger_is_not_believed(node_directory: Path) -> None:
    node = LocalNode("mistaken", node_directory / "mistaken")
    node.start()
    node.kill_daemon()
    (node.files.runtime / "libvirtd.pid").write_text(str(os.getpid()))
    try:
        assert not node.running
        node.start()
        assert node.running
    finally:
        node.remove()


def test_a_node_that_stops_leaves_no_process_and_keeps_its_machines(node_directory: Path) -> None:
    node = LocalNode("leaving", node_directory / "leaving")
    node.start()
    with node.connected() as connection:
        for number in range(3):
            define(connection, tiny_machine_xml(f"m{number}")).create()
    pids = node.processes()
    assert len(pids) == 5

    node.kill_daemon()  # the hard case: nobody is left who knows the guests
    node.stop()

    assert [pid for pid in pids if command_line(pid)] == []
    node.start()
    assert names(node) == ["m0", "m1", "m2"]
    node.remove()
    assert not short_path(node_directory / "leaving").exists()


def test_a_node_whose_data_was_removed_begins_anew(node_directory: Path) -> None:
    node = LocalNode("removed", node_directory / "removed")
    node.start()
    with node.connected() as connection:
        define(connection, tiny_machine_xml("lost")).create()
    old = node.processes()
    shutil.rmtree(node.directory)
    try:
        node.start()
        assert names(node) == []
        assert [pid for pid in old if command_line(pid)] == []
    finally:
        node.remove()


def test_a_name_in_any_script_can_run(empty_nodes: Nodes) -> None:
    node = empty_nodes.alpha
    with node.connected() as connection:
        domain = define(connection, tiny_machine_xml("שרת-מסד-נתונים-ראשי-בחדר-הקטן"))
        domain.create()
        assert domain.isActive()


def test_sleeping_machines_wake_up_as_they_were(empty_nodes: Nodes, tmp_path: Path) -> None:
    node, note = empty_nodes.beta, tmp_path / "asleep"
    with node.connected() as connection:
        for name in ("running", "paused", "off"):
            define(connection, tiny_machine_xml(name))
        connection.lookupByName("running").create()
        connection.lookupByName("paused").createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

    put_to_sleep(node, note)
    assert node.guest_processes() == []
    wake(node, note)

    with node.connected() as connection:
        states = {name: int(connection.lookupByName(name).info()[0]) for name in ("running", "paused", "off")}
    assert states == {
        "running": libvirt.VIR_DOMAIN_RUNNING,
        "paused": libvirt.VIR_DOMAIN_PAUSED,
        "off": libvirt.VIR_DOMAIN_SHUTOFF,
    }
    assert not note.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the nodes as another account")
def test_data_that_the_account_cannot_enter_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Path("/var/tmp/stoney-panel-test")
    monkeypatch.setattr("demo.places.ELSEWHERE", elsewhere)
    node = LocalNode("hidden", tmp_path / "hidden")
    try:
        assert node.directory == elsewhere / key_of(tmp_path / "hidden") / "hidden"
        assert reachable(tmp_path / "hidden", node.account) == node.directory
        node.start()
        assert names(node) == []
    finally:
        node.remove()
        node.directory.parent.rmdir()
        elsewhere.rmdir()


@pytest.mark.parametrize(
    "way", [libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT], ids=["acpi", "agent"]
)
def test_the_guest_answers_its_agent_and_shuts_down(empty_nodes: Nodes, guest: Guest, way: int) -> None:
    node = empty_nodes.alpha
    with node.connected() as connection:
        disk = ensure_disk(connection, "linux.qcow2", size=64 * MIB)
        domain = define(connection, guest_xml("linux", guest, disk=disk))
        domain.create()
        assert wait_until(lambda: agent_answers(domain), seconds=90)

        domain.shutdownFlags(way)

        assert wait_until(lambda: is_off(domain), seconds=30)
    assert (node.log_directory / "linux.log").exists()


def test_a_demo_that_is_killed_leaves_its_guests_to_the_next_one(node_directory: Path, guest: Guest) -> None:
    data = node_directory / "demo"
    try:
        with running_demo(data, guest, only_nodes=True) as first:
            running = {node.name: node.guest_processes() for node in Landscape(data).nodes}
            assert sum(map(len, running.values())) == 4
            first.process.kill()
            first.process.wait()
        with running_demo(data, guest, only_nodes=True):
            assert {node.name: node.guest_processes() for node in Landscape(data).nodes} == running
            assert refusal(data, "up", "--only", "nodes")
            assert refusal(data, "reset")
        assert [node.processes() for node in Landscape(data).nodes] == [[], []]
        with running_demo(data, guest, only_nodes=True):
            assert sum(len(node.guest_processes()) for node in Landscape(data).nodes) == 4
    finally:
        reset_demo(data)
    assert [path.name for path in data.iterdir()] == ["output.txt"]


def test_a_deleted_example_does_not_come_back(node_directory: Path, guest: Guest) -> None:
    data = node_directory / "demo"
    try:
        with running_demo(data, guest, only_nodes=True):
            alpha = Landscape(data).nodes[0]
            with alpha.connected() as connection:
                connection.lookupByName("legacy-erp").undefine()
        with running_demo(data, guest, only_nodes=True):
            assert names(alpha) == ["db-01", "debian-12", "kiosk-12", "web-01"]
    finally:
        reset_demo(data)


def refusal(data: Path, *words: str) -> bool:
    """Does the demo refuse, and say why?"""
    environment = {**os.environ, "PANEL_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-m", "demo", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode == 1 and "runs already" in done.stderr
