"""A node as a row of a list, and what its page begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from vms import labels
from vms.labels import dynamic as words
from vms.models import Node, Vm
from vms.rules.duty import Duty
from vms.rules.kinds import VMS, Kind
from vms.rules.problems import Problem
from vms.rules.status import Main
from vms.web import formats
from vms.web.presenters.statuses import LOOK

Counts = Mapping[tuple[Kind, Main], int]


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many machines of a node have a status. start and share: where its part of the bar begins and how long it is,
    as "12.5%"."""

    look: str
    text: str
    count: int
    url: str
    start: str
    share: str


@dataclass(frozen=True, slots=True)
class NodeUse:
    """Percents in use, 0 to 100, or None if not known."""

    memory_percent: int | None
    memory_text: str
    cpu_percent: int | None
    cpu_text: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """statuses: of its VMs, dynamic ones too. peer_uri, peer_address: "" if they are as the node says itself."""

    pk: str
    name: str
    url: str
    uri: str
    peer_uri: str
    peer_address: str
    look: str
    state: str
    problem: str
    evidence: str
    since: datetime | None
    since_text: str
    last_contact: datetime | None
    last_contact_text: str
    duty: str
    templates_text: str
    dynamic_text: str
    dynamic_url: str
    statuses: list[StatusCount]
    templates_url: str
    vms_url: str
    use: NodeUse
    cpus: str
    memory: str
    versions: str
    hostname: str
    node_uuid: str
    cpu_model: str
    is_stale: bool


def node_views(nodes: Iterable[Node]) -> list[NodeView]:
    """One query for the machines of all of them."""
    nodes = list(nodes)
    counted = _machines_by_status(nodes)
    return [_node_view(node, counted.get(node.pk, {})) for node in nodes]


def node_view(node: Node) -> NodeView:
    return node_views([node])[0]


def _machines_by_status(nodes: Sequence[Node]) -> dict[int, dict[tuple[Kind, Main], int]]:
    counted: dict[int, dict[tuple[Kind, Main], int]] = {}
    machines = Vm.objects.all().present().filter(node__in=nodes).order_by()
    for node, kind, main, count in machines.values_list("node", "kind", "main").annotate(Count("pk")):
        counted.setdefault(node, {})[Kind(kind), Main(main)] = count
    return counted


def _node_view(node: Node, counts: Counts) -> NodeView:
    return NodeView(
        pk=str(node.pk),
        name=node.name,
        url=reverse("nodes:page", args=[node.pk]),
        **_addresses(node),
        look=_look(node),
        state=_state(node),
        problem=node_problem(node.problem, node.name),
        evidence=node.evidence,
        since=node.contact_since,
        since_text=formats.clock(node.contact_since) if node.contact_since else "",
        last_contact=node.last_contact_at,
        last_contact_text=formats.clock(node.last_contact_at) if node.last_contact_at else "",
        duty=str(labels.DUTY[Duty(node.duty)]) if node.duty != Duty.ACTIVE else "",
        statuses=_statuses(node, counts),
        **_other_machines(node, counts),
        vms_url=_list_url("vms:list", node),
        use=_use(node),
        cpus=labels.cpus(node.cpus) if node.cpus else "",
        memory=formats.size(node.memory_total) if node.memory_total else "",
        versions=_versions(node),
        hostname=node.hostname,
        node_uuid=node.node_uuid,
        cpu_model=node.cpu_model,
        is_stale=not node.reachable,
    )


def _other_machines(node: Node, counts: Counts) -> dict[str, str]:
    """Those that have a list of their own."""
    templates, dynamic = _number(counts, Kind.TEMPLATE), _number(counts, Kind.DYNAMIC)
    return {
        "templates_text": labels.templates(templates) if templates else "",
        "templates_url": _list_url("vms:templates", node),
        "dynamic_text": str(words.OF_WHICH_DYNAMIC % {"count": dynamic}) if dynamic else "",
        "dynamic_url": _list_url("vms:dynamic", node),
    }


def _number(counts: Counts, of: Kind) -> int:
    return sum(count for (kind, _), count in counts.items() if kind is of)


def _addresses(node: Node) -> dict[str, str]:
    return {"uri": node.uri, "peer_uri": node.peer_uri, "peer_address": node.peer_address}


def node_problem(problem: str, name: str) -> str:
    return str(labels.PROBLEM[Problem(problem)]) % {"node": name} if problem else ""


def _statuses(node: Node, counts: Counts) -> list[StatusCount]:
    """In the order of the states."""
    summed = {main: sum(counts.get((kind, main), 0) for kind in VMS) for main in Main}
    present = {main: count for main, count in summed.items() if count}
    total, start, parts = sum(present.values()), 0.0, []
    for main, count in present.items():
        share = 100 * count / total
        parts.append(_status_count(node, main, count, start, share))
        start += share
    return parts


def _status_count(node: Node, main: Main, count: int, start: float, share: float) -> StatusCount:
    return StatusCount(
        look=LOOK[main],
        text=str(labels.MAIN[main]),
        count=count,
        url=_list_url("vms:list", node, status=main),
        start=f"{start:.2f}%",
        share=f"{share:.2f}%",
    )


def _list_url(page: str, node: Node, **narrowed: str) -> str:
    return f"{reverse(page)}?{urlencode({'node': node.name, **narrowed})}"


def _use(node: Node) -> NodeUse:
    used = max(0, node.memory_total - node.memory_free)
    return NodeUse(
        memory_percent=round(100 * used / node.memory_total) if node.memory_total else None,
        memory_text=_of(formats.size(used), formats.size(node.memory_total)) if node.memory_total else "",
        cpu_percent=None if node.cpu_permille is None else round(node.cpu_permille / 10),
        cpu_text=_cpu_text(node),
    )


def _of(part: str, whole: str) -> str:
    return str(labels.USED_OF) % {"used": part, "total": whole}


def _cpu_text(node: Node) -> str:
    if node.cpu_permille is None:
        return ""
    return str(labels.SHARE_OF) % {"percent": round(node.cpu_permille / 10), "total": labels.cpus(node.cpus)}


def _look(node: Node) -> str:
    if node.reachable:
        return "running"
    return "unknown" if node.problem else "busy"


def _state(node: Node) -> str:
    if node.reachable:
        return str(labels.NODE_REACHABLE)
    return str(labels.NODE_UNREACHABLE if node.problem else labels.NODE_FIRST_CONTACT)


def _versions(node: Node) -> str:
    if not node.libvirt_version:
        return ""
    return f"libvirt {node.libvirt_version} · QEMU {node.hypervisor_version}"
