"""The way into the panel for one person, step by step, for whoever has to find out why it does not work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from directory.accounts import require_may_have_account
from directory.ldap.access import Access
from directory.ldap.conversation import Conversation
from directory.ldap.entries import Entry, Found
from directory.ldap.patience import in_time
from directory.ldap.problems import DirectoryFault, Problem


class CheckStep(StrEnum):
    CONNECT = "connect"
    SECURE = "secure"
    BIND = "bind"
    SEARCH = "search"
    PASSWORD = "password"  # noqa: S105 -- the name of a step
    GROUPS = "groups"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Step:
    """One that was taken. values: what it found, by name."""

    step: CheckStep
    values: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    evidence: str = ""


@dataclass
class _Check:
    """What is known so far."""

    access: Access
    name: str
    password: str
    steps: list[Step] = field(default_factory=list)
    entry: Entry | None = None
    found: Found | None = None


def check(access: Access, name: str, password: str = "") -> list[Step]:
    """The steps up to the first that fails, within the setting's time. Without a password it is not tried."""
    so_far = _Check(access, name, password)
    try:
        in_time(partial(_ask, so_far), access.timeout)
        if so_far.found is not None:
            _note(so_far, CheckStep.ROLE, role=require_may_have_account(so_far.found))
    except DirectoryFault as fault:
        taken = list(so_far.steps)  # a directory that answers too late still goes on adding to them
        return [*taken, Step(steps_of(password)[len(taken)], {}, fault.problem, fault.evidence)]
    return so_far.steps


def steps_of(password: str) -> list[CheckStep]:
    return [step for step in CheckStep if password or step is not CheckStep.PASSWORD]


def _ask(so_far: _Check) -> None:
    directory = Conversation(so_far.access)
    try:
        for step, values in _walk(directory, so_far):
            _note(so_far, step, **values)
    finally:
        directory.end()


def _walk(directory: Conversation, so_far: _Check) -> Iterator[tuple[CheckStep, dict[str, str]]]:
    directory.reach()
    yield CheckStep.CONNECT, {"address": so_far.access.uri}
    yield CheckStep.SECURE, {"version": directory.secure()}
    directory.introduce(so_far.name, so_far.password)
    yield CheckStep.BIND, {"bound_as": so_far.access.person_dn or so_far.access.bind_dn}
    entry = directory.find(so_far.name)
    yield CheckStep.SEARCH, _of_entry(entry)
    if so_far.password:
        directory.prove(entry, so_far.password)
        yield CheckStep.PASSWORD, {}
    so_far.found = directory.look_for_groups(entry)
    yield CheckStep.GROUPS, {"groups": "\n".join(group.dn for group in so_far.found.groups)}


def _of_entry(entry: Entry) -> dict[str, str]:
    return {"dn": entry.dn, "name": entry.name, "full_name": entry.full_name, "mail": entry.mail, "key": entry.key}


def _note(so_far: _Check, step: CheckStep, **values: str) -> None:
    so_far.steps.append(Step(step, values))
