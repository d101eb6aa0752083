"""A check of the directory in words, for the page and for the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from directory import labels
from directory.checking import CheckStep, Step, steps_of
from directory.roles import Role


@dataclass(frozen=True, slots=True)
class StepView:
    """As components/steps.html shows it. state: todo, done or failed."""

    label: str
    state: str
    state_label: str
    note: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class CheckView:
    """problem: "" if the person can log in; evidence: what the directory itself said."""

    steps: list[StepView]
    problem: str
    evidence: str


def check_view(taken: list[Step], password: str) -> CheckView:
    """password: the one that was tried, "" if none was."""
    last = taken[-1]
    left = steps_of(password)[len(taken) :]
    return CheckView(
        steps=[*map(_step_view, taken), *(_view(step, "todo", str(labels.TO_DO)) for step in left)],
        problem=str(labels.PROBLEM[last.problem]) if last.problem else "",
        evidence=last.evidence,
    )


def _step_view(step: Step) -> StepView:
    if step.problem:
        return _view(step.step, "failed", str(labels.FAILED))
    return _view(step.step, "done", str(labels.DONE), _NOTES[step.step](step.values))


def _view(step: CheckStep, state: str, state_label: str, note: str = "") -> StepView:
    return StepView(str(labels.CHECK_STEP[step]), state, state_label, note)


def _secured(values: Mapping[str, str]) -> str:
    return str(labels.SECURED) % values if values["version"] else str(labels.NOT_SECURED)


def _bound(values: Mapping[str, str]) -> str:
    return str(labels.BOUND_AS) % values if values["bound_as"] else str(labels.BOUND_AS_NOBODY)


def _person(values: Mapping[str, str]) -> str:
    known = [values["name"], values["full_name"], values["mail"] or str(labels.NO_MAIL), values["dn"], values["key"]]
    return " · ".join(word for word in known if word)


_NOTES: Mapping[CheckStep, Callable[[Mapping[str, str]], str]] = {
    CheckStep.CONNECT: lambda values: values["address"],
    CheckStep.SECURE: _secured,
    CheckStep.BIND: _bound,
    CheckStep.SEARCH: _person,
    CheckStep.PASSWORD: lambda _values: "",
    CheckStep.GROUPS: lambda values: values["groups"].replace("\n", " · ") or str(labels.NO_GROUPS),
    CheckStep.ROLE: lambda values: str(labels.ROLE[Role(values["role"])]),
}
