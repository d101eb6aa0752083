"""How a directory is reached and read: everything that differs between one installation and the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from directory.ldap.names import DnKey, dn_key
from directory.roles import Role

DEFAULT_PORTS = {"ldap": 389, "ldaps": 636}


class GroupKind(StrEnum):
    """Where it stands who is in a group."""

    GROUP_OF_NAMES = "groupOfNames"
    GROUP_OF_UNIQUE_NAMES = "groupOfUniqueNames"
    POSIX_GROUP = "posixGroup"
    MEMBER_OF = "memberOf"
    ACTIVE_DIRECTORY = "activeDirectory"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the directory calls it. key: what stays the same when a person is renamed."""

    name: str = "uid"
    key: str = "entryUUID"
    full_name: str = "cn"
    mail: str = "mail"
    language: str = "preferredLanguage"


@dataclass(frozen=True, slots=True)
class Groups:
    """roles: the groups that give a role, as dn_key. Without groups for Role.USER everybody who is found is one."""

    base: str = ""
    kind: GroupKind = GroupKind.GROUP_OF_NAMES
    nested: bool = False
    roles: Mapping[Role, frozenset[DnKey]] = field(default_factory=dict)

    def role_of(self, groups: tuple[str, ...]) -> Role | None:
        """The highest that these groups give; None if this person may not log in."""
        keys = {dn_key(group) for group in groups}
        given = next((role for role in Role if keys & self.roles.get(role, frozenset())), None)
        return given or (None if self.roles.get(Role.USER) else Role.USER)


@dataclass(frozen=True, slots=True)
class Access:
    """person_dn: with {name} in it, for a direct bind; else the service bind_dn (or nobody, "") looks people up.

    ca: a file of certificates. timeout: seconds for all that is asked for one page; connect_timeout: of these, for
    getting through at all."""

    uri: str
    people_base: str
    people_filter: str = "(objectClass=inetOrgPerson)"
    starttls: bool = True
    ca: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    person_dn: str = ""
    attributes: Attributes = Attributes()
    groups: Groups = Groups()
    timeout: float = 5
    connect_timeout: float = 3

    @property
    def scheme(self) -> str:
        return urlsplit(self.uri).scheme

    @property
    def host(self) -> str:
        """The path of the socket, if it is one."""
        return unquote(urlsplit(self.uri).netloc) if self.scheme == "ldapi" else urlsplit(self.uri).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.uri).port or DEFAULT_PORTS[self.scheme]

    @property
    def uses_tls(self) -> bool:
        return self.scheme == "ldaps" or (self.scheme == "ldap" and self.starttls)
