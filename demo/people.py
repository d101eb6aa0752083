"""The people of the demo, in a real LDAP directory: one for each role."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from dataclasses import dataclass

from demo.account import nodes_account
from demo.places import make_short_directory, reachable, short_path
from demo.settings import Settings
from demo.slapd import Slapd

SUFFIX = "dc=example,dc=org"
LOADED = "people.ldif"


@dataclass(frozen=True)
class DemoPerson:
    name: str
    full_name: str
    language: str
    group: str


PEOPLE = (
    DemoPerson("anna", "Anna Ammann", "de", "administrators"),
    DemoPerson("otto", "Otto Olivier", "fr", "operators"),
    DemoPerson("ada", "Ada Audétat", "it", "auditors"),
    DemoPerson("uwe", "Uwe Unger", "de", "users"),
)


def introduced() -> list[str]:
    """Who else can log in, for the terminal."""
    others = [f"  {person.name:<10} {person.group}" for person in PEOPLE]
    return ["", "From the demo's LDAP directory, with the same password:", *others]


def is_wanted() -> bool:
    """Not if the panel is told to use another one, or, with an empty address, none."""
    return "PANEL_LDAP_URI" not in os.environ


class Directory:
    """The slapd of one demo."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is started."""
        self._settings = settings
        self._account = nodes_account()
        home = reachable(settings.data / "directory", self._account)
        self.slapd = Slapd(home, short_path(home) / "ldap.sock", self._account, SUFFIX, inside=RIGHTS)

    def prepare(self) -> None:
        """Its people are in it afterwards; what somebody has changed stays, as long as the passwords do."""
        make_short_directory(self.slapd.directory, self._account)
        ldif, loaded = people_in_ldif(self._settings.password()), self._settings.data / LOADED
        if not loaded.exists() or loaded.read_text() != ldif:
            self.slapd.load(ldif)
            loaded.touch(0o600)
            loaded.write_text(ldif)

    def command(self) -> list[str]:
        """What runs it, in the foreground. It goes when the demo goes, which has to be said after becoming another."""
        return self._account.command("setpriv", "--pdeathsig", "KILL", "--", *self.slapd.command())

    def environment(self) -> dict[str, str]:
        """What the panel has to be told."""
        return {
            "PANEL_LDAP_URI": self.slapd.uri,
            "PANEL_LDAP_PEOPLE": f"ou=people,{SUFFIX}",
            "PANEL_LDAP_GROUPS": f"ou=groups,{SUFFIX}",
            "PANEL_LDAP_ADMINISTRATORS": "administrators",
            "PANEL_LDAP_OPERATORS": "operators",
            "PANEL_LDAP_AUDITORS": "auditors",
            "PANEL_LDAP_USERS": "users",
        }


# Everybody may look, nobody sees a password.
RIGHTS = ("access to attrs=userPassword by anonymous auth by * none", "access to * by * read")


def people_in_ldif(password: str) -> str:
    """Everybody with this password. Who they are does not change when it does: the keys come from the names."""
    top = [_entry(SUFFIX, "top", "dcObject", "organization", dc="example", o="Example")]
    places = [_entry(f"ou={name},{SUFFIX}", "organizationalUnit", ou=name) for name in ("people", "groups")]
    people = [_person(person, password) for person in PEOPLE]
    groups = [
        _entry(f"cn={person.group},ou=groups,{SUFFIX}", "groupOfNames", cn=person.group, member=_dn(person))
        for person in PEOPLE
    ]
    return "\n".join([*top, *places, *people, *groups])


def _person(person: DemoPerson, password: str) -> str:
    return _entry(
        _dn(person),
        "inetOrgPerson",
        uid=person.name,
        cn=person.full_name,
        sn=person.full_name.split()[-1],
        mail=f"{person.name}@example.org",
        preferredLanguage=person.language,
        userPassword=_hashed(password, person.name),
    )


def _entry(dn: str, *classes: str, **values: str) -> str:
    lines = {"dn": dn, "entryUUID": str(uuid.uuid5(uuid.NAMESPACE_URL, dn)), **values}
    words = [f"{name}:: {base64.b64encode(value.encode()).decode()}" for name, value in lines.items()]
    return "\n".join([words[0], *(f"objectClass: {name}" for name in classes), *words[1:], ""])


def _dn(person: DemoPerson) -> str:
    return f"uid={person.name},ou=people,{SUFFIX}"


def _hashed(password: str, salt: str) -> str:
    """The same every time, so that an unchanged directory is recognised."""
    digest = hashlib.sha1(password.encode() + salt.encode()).digest()
    return "{SSHA}" + base64.b64encode(digest + salt.encode()).decode()
