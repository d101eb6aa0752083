"""A first contact with a node, step by step, each written down as it happens. Carried out by a worker."""

from __future__ import annotations

from vms.hypervisor.contract import Hypervisor
from vms.hypervisor.errors import HypervisorError
from vms.models import ContactTest, Node
from vms.operations.announcing import announce
from vms.operations.reaching import driver
from vms.rules.contact import ContactStep, StepState
from vms.rules.problems import Problem


def carry_out(test: ContactTest) -> None:
    if not test.begin():
        return
    for step in ContactStep:
        test.note(step, StepState.NOW)
        _tell(test)
        try:
            values = _STEPS[step](test)
        except HypervisorError as error:
            _fail(test, step, error.problem, str(error))
            return
        except _KnownAlready as known:
            _fail(test, step, Problem.NODE_KNOWN_ALREADY, "", node=known.name)
            return
        test.note(step, StepState.DONE, **values)
    test.end()
    _tell(test)


class _KnownAlready(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _connect(test: ContactTest) -> dict[str, object]:
    _hypervisor(test)
    return {}


def _identify(test: ContactTest) -> dict[str, object]:
    info = _hypervisor(test).info()
    return {
        "hostname": info.hostname,
        "libvirt": info.libvirt_version,
        "hypervisor": info.hypervisor_version,
        "cpus": info.cpus,
        "memory": info.memory_total,
    }


def _compare(test: ContactTest) -> dict[str, object]:
    uuid = _hypervisor(test).info().node_uuid
    known = Node.objects.filter(node_uuid=uuid).first() if uuid else None
    if known is not None:
        raise _KnownAlready(known.name)
    return {}


def _list(test: ContactTest) -> dict[str, object]:
    return {"machines": len(_hypervisor(test).machines())}


_STEPS = {
    ContactStep.CONNECT: _connect,
    ContactStep.IDENTIFY: _identify,
    ContactStep.COMPARE: _compare,
    ContactStep.LIST: _list,
}


def _hypervisor(test: ContactTest) -> Hypervisor:
    return driver().connect(test.uri)


def _fail(test: ContactTest, step: ContactStep, problem: Problem, evidence: str, **values: object) -> None:
    test.note(step, StepState.FAILED, problem=problem, **values)
    test.end(problem, evidence)
    _tell(test)


def _tell(test: ContactTest) -> None:
    announce(("contact", str(test.pk)))
