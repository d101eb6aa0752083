"""Calls that libvirt answers only when all is over: a machine is moved, its memory is saved. So each waits aside, over
a connection of its own, which then takes no turn from others. The nodes go on without it, if this process ends or the
way breaks.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from uuid import UUID

import libvirt

from vms.hypervisor.errors import WrongState
from vms.hypervisor.libvirt_driver.link import KEEPALIVE_SECONDS, KEEPALIVES_UNANSWERED
from vms.hypervisor.libvirt_driver.refusals import error_from, error_from_opening
from vms.hypervisor.migrating import CallState, Outcome
from vms.rules.problems import Problem

_Call = Callable[[libvirt.virDomain], object]
_Key = tuple[str, UUID, str]
_outcomes: dict[_Key, Outcome] = {}

os.register_at_fork(after_in_child=_outcomes.clear)


def begin(key: _Key, call: _Call) -> None:
    """key: the node's address, the machine, and what is done with it."""
    found = _outcomes.get(key)
    if found is not None and found.state is CallState.UNDER_WAY:
        raise WrongState("it is under way already")
    _outcomes[key] = Outcome(CallState.UNDER_WAY)
    Thread(target=_wait, args=(key, call), name="libvirt-waiting", daemon=True).start()


def outcome_of(key: _Key) -> Outcome | None:
    return _outcomes.get(key)


def _wait(key: _Key, call: _Call) -> None:
    outcome = Outcome(CallState.LOST, Problem.BUG)
    try:
        outcome = _call(key, call)
    finally:
        _outcomes[key] = outcome


def _call(key: _Key, call: _Call) -> Outcome:
    uri, vm, _what = key
    try:
        connection = libvirt.open(uri)
    except libvirt.libvirtError as error:
        return Outcome(CallState.FAILED, error_from_opening(error).problem, str(error))
    try:
        connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVES_UNANSWERED)
        call(connection.lookupByUUID(vm.bytes))
    except libvirt.libvirtError as error:
        return _failure(connection, error)
    finally:
        with suppress(libvirt.libvirtError):
            connection.close()
    return Outcome(CallState.SUCCEEDED)


def _failure(connection: libvirt.virConnect, error: libvirt.libvirtError) -> Outcome:
    """The node says the same words of its own way to another one; so it counts whether ours still stands."""
    if not connection.isAlive():
        return Outcome(CallState.LOST, Problem.NODE_UNREACHABLE, str(error))
    if error.get_error_code() == libvirt.VIR_ERR_OPERATION_ABORTED:
        return Outcome(CallState.CANCELLED, None, str(error))
    return Outcome(CallState.FAILED, _problem_of(error), str(error))


def _problem_of(error: libvirt.libvirtError) -> Problem:
    """Our own way stands, so what is said of a connection is said of the one between the nodes."""
    if error.get_error_domain() == libvirt.VIR_FROM_RPC:
        return Problem.NODE_UNREACHABLE
    return error_from(error).problem
