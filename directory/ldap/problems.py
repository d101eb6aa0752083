"""What can go wrong between the panel, the directory and a person, each with a name."""

from __future__ import annotations

from enum import StrEnum

import ldap


class Problem(StrEnum):
    # The directory itself: nobody can say anything about the person.
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    NO_TLS = "no_tls"
    CERTIFICATE = "certificate"
    SERVICE_REFUSED = "service_refused"
    BASE_MISSING = "base_missing"
    REFUSED = "refused"
    NEEDS_PASSWORD = "needs_password"  # noqa: S105 -- the name of a problem
    # The person.
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NO_KEY = "no_key"
    NAME_UNUSABLE = "name_unusable"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- the name of a problem
    NO_ROLE = "no_role"
    LOCAL_ACCOUNT = "local_account"
    BLOCKED = "blocked"


ABOUT_THE_PERSON = frozenset(
    {
        Problem.NOT_FOUND,
        Problem.AMBIGUOUS,
        Problem.NO_KEY,
        Problem.NAME_UNUSABLE,
        Problem.WRONG_PASSWORD,
        Problem.NO_ROLE,
        Problem.LOCAL_ACCOUNT,
        Problem.BLOCKED,
    }
)
"""The directory has answered, and the answer is no. Every other problem says nothing about anybody."""


class DirectoryFault(Exception):
    """evidence: what the directory or the library said, not for everybody's eyes."""

    def __init__(self, problem: Problem, evidence: str = "") -> None:
        super().__init__(f"{problem}: {evidence}" if evidence else str(problem))
        self.problem = problem
        self.evidence = evidence

    @property
    def is_about_the_person(self) -> bool:
        return self.problem in ABOUT_THE_PERSON


_BY_ERROR: tuple[tuple[type[ldap.LDAPError], Problem], ...] = (
    (ldap.SERVER_DOWN, Problem.UNREACHABLE),
    (ldap.CONNECT_ERROR, Problem.CERTIFICATE),  # only ever of TLS
    (ldap.UNAVAILABLE, Problem.UNREACHABLE),
    (ldap.TIMEOUT, Problem.NO_ANSWER),
    (ldap.TIMELIMIT_EXCEEDED, Problem.NO_ANSWER),
    (ldap.NO_SUCH_OBJECT, Problem.BASE_MISSING),
)


REJECTED = (ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH, ldap.INVALID_DN_SYNTAX)


def fault_of(error: ldap.LDAPError, *, when_rejected: Problem = Problem.REFUSED) -> DirectoryFault:
    """when_rejected: what it means that a name and its password were not taken."""
    if isinstance(error, REJECTED):
        return DirectoryFault(when_rejected, words_of(error))
    problem = next((problem for kind, problem in _BY_ERROR if isinstance(error, kind)), Problem.REFUSED)
    return DirectoryFault(problem, words_of(error))


def words_of(error: ldap.LDAPError) -> str:
    """The library's own words for it, as "Invalid credentials (80090308: ...)"."""
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    said, more = told.get("desc", type(error).__name__), told.get("info", "")
    return f"{said} ({more})" if more else str(said)
