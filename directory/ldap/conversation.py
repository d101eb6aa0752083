"""One conversation with the directory, step by step. Every step raises a `DirectoryFault` that names what is wrong."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ldap
import ldap.dn
import ldap.filter

from directory.ldap.access import Access
from directory.ldap.entries import Entry, Found, attributes_wanted, entry_of, filter_value_of_key
from directory.ldap.membership import Member, groups_of
from directory.ldap.names import dn_below
from directory.ldap.problems import DirectoryFault, Problem, fault_of
from directory.ldap.searching import Question, Result, Results, search
from directory.ldap.securing import reach, try_tls

TWO = 2
"""Enough to see that there is more than one."""


class Conversation:
    def __init__(self, access: Access, *, seconds: float | None = None) -> None:
        """Nothing is sent yet. seconds: for all of it together; the setting's if not given."""
        self._access = access
        self._deadline = time.monotonic() + (access.timeout if seconds is None else seconds)
        self._connection = _connection(access)

    def reach(self) -> None:
        """Somebody listens there."""
        reach(self._access, self._patience_to_connect()).close()

    def secure(self) -> str:
        """What is said from now on can be read by nobody else. The version of TLS; "" on a socket of this machine."""
        if not self._access.uses_tls:
            return ""
        with reach(self._access, self._patience_to_connect()) as contact:
            version = try_tls(self._access, contact, self._patience())
        if self._access.scheme == "ldap":
            with self._in_time():
                self._connection.start_tls_s()
        return version

    def introduce(self, name: str = "", password: str = "") -> None:
        """Log in to the directory: as the service, or, if people do so themselves, as this person."""
        if not self._access.person_dn:
            self._bind(self._access.bind_dn, self._access.bind_password, when_rejected=Problem.SERVICE_REFUSED)
        elif password:
            self._bind(_dn_from(self._access.person_dn, name), password, when_rejected=Problem.WRONG_PASSWORD)
        else:
            raise DirectoryFault(Problem.NEEDS_PASSWORD)

    def find(self, name: str) -> Entry:
        """The one person with this login name."""
        dn = _dn_from(self._access.person_dn, name) if self._access.person_dn else ""
        return self._find(self._access.attributes.name, ldap.filter.escape_filter_chars(name), dn)

    def find_again(self, key: str) -> Entry:
        """The one person with the key of an earlier entry, whatever the name is now."""
        return self._find(self._access.attributes.key, filter_value_of_key(self._access.attributes, key))

    def prove(self, entry: Entry, password: str) -> None:
        """The password is this person's."""
        if self._access.person_dn:
            return
        self._bind(entry.dn, password, when_rejected=Problem.WRONG_PASSWORD)
        self.introduce()

    def try_in_vain(self) -> None:
        """What `prove` does, for somebody who is not there: nobody can tell by the time it takes who is."""
        if not self._access.person_dn:
            with suppress(DirectoryFault):
                made_up = secrets.token_hex()
                self._bind(dn_below(self._access.people_base, made_up), made_up, when_rejected=Problem.WRONG_PASSWORD)

    def look_for_groups(self, entry: Entry) -> Found:
        member = Member(entry.dn, entry.attributes, self._connection)
        with self._in_time():
            groups = groups_of(member, self._access.groups, self._access.attributes)
        return Found(entry, groups, self._access.groups.role_of(tuple(group.dn for group in groups)))

    def search(self, question: Question) -> Results[Result]:
        with self._in_time():
            return search(self._connection, question)

    def look_at(self, dn: str, condition: str, wanted: list[str]) -> Result | None:
        """The one entry of this name, None if there is none such."""
        try:
            return next(iter(self.search(Question(dn, condition, wanted, ldap.SCOPE_BASE)).entries), None)
        except DirectoryFault as fault:
            if fault.problem is not Problem.BASE_MISSING:
                raise
            return None

    def end(self) -> None:
        """Harmless at any time."""
        try:
            self._connection.unbind_s()
        except ldap.LDAPError:
            return

    def _find(self, attribute: str, value: str, dn: str = "") -> Entry:
        condition = f"(&{self._access.people_filter}({attribute}={value}))"
        base, scope = (dn, ldap.SCOPE_BASE) if dn else (self._access.people_base, ldap.SCOPE_SUBTREE)
        wanted = attributes_wanted(self._access.attributes)
        found = self.search(Question(base, condition, wanted, scope, TWO)).entries
        if len(found) != 1:
            raise DirectoryFault(Problem.AMBIGUOUS if found else Problem.NOT_FOUND, condition)
        return entry_of(self._access.attributes, *found[0])

    def _bind(self, dn: str, password: str, *, when_rejected: Problem) -> None:
        """An empty password with a name would be answered with success, and would prove nothing."""
        if dn and not password:
            raise DirectoryFault(when_rejected)
        with self._in_time(when_rejected):
            self._connection.simple_bind_s(dn, password)

    @contextmanager
    def _in_time(self, when_rejected: Problem = Problem.REFUSED) -> Iterator[None]:
        self._connection.set_option(ldap.OPT_TIMEOUT, self._patience())
        try:
            yield
        except ldap.LDAPError as error:
            raise fault_of(error, when_rejected=when_rejected) from error

    def _patience(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise DirectoryFault(Problem.NO_ANSWER)
        return min(self._access.timeout, left)

    def _patience_to_connect(self) -> float:
        return min(self._access.connect_timeout, self._patience())


def _dn_from(template: str, name: str) -> str:
    return template.replace("{name}", ldap.dn.escape_dn_chars(name))


def _connection(access: Access) -> Any:
    """Follows no referral: it would carry the password to a server that nobody has named."""
    connection = ldap.initialize(access.uri)
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, access.connect_timeout)
    if access.uses_tls:
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, access.ca)
        connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    return connection
