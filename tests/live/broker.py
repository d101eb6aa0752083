"""A broker of the tests' own, one for all tests of a process."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from demo.broker import broker_command, broker_socket, wait_for_broker
from vms.operations import announcing, tickets

__all__ = ["broker", "broker_process"]


@pytest.fixture(scope="session")
def broker_process() -> Iterator[str]:
    """Its address."""
    with tempfile.TemporaryDirectory(prefix="stoney-broker-") as folder:
        data = Path(folder)
        process = subprocess.Popen(broker_command(data), stdout=subprocess.DEVNULL)
        try:
            wait_for_broker(data)
            yield f"unix://{broker_socket(data)}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def broker(broker_process: str, settings: Settings) -> Iterator[str]:
    settings.REDIS_URL = broker_process
    yield from _with_fresh_clients(broker_process)


def _with_fresh_clients(url: str) -> Iterator[str]:
    caches = (announcing._outlet, tickets._broker)
    for cache in caches:
        cache.cache_clear()
    yield url
    for cache in caches:
        cache.cache_clear()
