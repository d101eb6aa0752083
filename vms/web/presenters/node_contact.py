"""A first contact with a node, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from vms import labels
from vms.models import ContactTest
from vms.rules.contact import ContactStep, StepState, nothing_done
from vms.web import formats
from vms.web.presenters.nodes import node_problem
from vms.web.presenters.steps import StepView


@dataclass(frozen=True, slots=True)
class ContactView:
    pk: str
    name: str
    uri: str
    url: str
    steps: list[StepView]
    is_over: bool
    worked: bool
    problem: str
    evidence: str
    nobody_came: bool


def contact_view(test: ContactTest) -> ContactView:
    known = _known_node(test)
    return ContactView(
        pk=str(test.pk),
        name=test.name,
        uri=test.uri,
        url=reverse("nodes:contact", args=[test.pk]),
        steps=[_step(entry) for entry in test.steps or nothing_done()],
        is_over=test.finished_at is not None,
        worked=test.finished_at is not None and not test.problem,
        problem=node_problem(test.problem, known or test.name),
        evidence=test.evidence,
        nobody_came=test.nobody_came,
    )


def _known_node(test: ContactTest) -> str:
    return next((entry["values"]["node"] for entry in test.steps if "node" in entry["values"]), "")


def _step(entry: dict[str, object]) -> StepView:
    state = StepState(str(entry["state"]))
    return StepView(
        label=str(labels.CONTACT_STEP[ContactStep(str(entry["step"]))]),
        state=state,
        state_label=str(labels.STEP_STATE[state]),
        note=_note(entry["values"]),
        side="",
    )


def _note(values: object) -> str:
    if not isinstance(values, dict):
        return ""
    if "hostname" in values:
        return str(labels.NODE_IDENTITY) % (values | {"memory": formats.size(values["memory"])})
    if "machines" in values:
        count: int = values["machines"]
        return labels.machines_found(count)
    return ""
