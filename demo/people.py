"""The people of the demo, in a real LDAP directory: one for each role, and more to be found and given something."""

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
    """role: the group that gives one; groups: others, which can be given something."""

    name: str
    full_name: str
    language: str
    role: str = "users"
    groups: tuple[str, ...] = ()


WEB, ZURICH, INTERNS = "web", "Entwicklung (Zürich)", "Praktikanten & Lernende"
PEOPLE = (
    DemoPerson("anna", "Anna Ammann", "de", "administrators"),
    DemoPerson("otto", "Otto Olivier", "fr", "operators"),
    DemoPerson("ada", "Ada Audétat", "it", "auditors"),
    DemoPerson("uwe", "Uwe Unger", "de", groups=(WEB,)),
    DemoPerson("joerg", "Müller, Jörg", "de", groups=(WEB, ZURICH)),
    DemoPerson("juerg", "Jürg Müller-Lüdenscheidt", "de", groups=(ZURICH,)),
    DemoPerson("francoise", "Françoise Lefèvre", "fr", groups=(WEB,)),
    DemoPerson("zoe", "Zoë Brönnimann (extern)", "de"),
    DemoPerson("chiara", "Chiara D'Agostino", "it", groups=(ZURICH,)),
    DemoPerson("nils", "Nils Åkesson", "en", groups=(INTERNS,)),
    DemoPerson("mia", "Mia Meier", "de", groups=(INTERNS, WEB)),
    DemoPerson("pierre", "Pierre Çelik", "fr", groups=(INTERNS,)),
)
GIVEN = (("uwe", "operate", "web-01", "mail"), (WEB, "use", "db-01", "--group"))
"""Who, what, on which machines."""
GIVEN_POOLS = (("uwe", "use", "Desktops", "--pool"), (WEB, "use", "Web team", "--pool", "--group"))

INTRODUCED = 4
"""One for each role."""


def introduced() -> list[str]:
    """Who else can log in, for the terminal."""
    others = [f"  {person.name:<10} {person.role}" for person in PEOPLE[:INTRODUCED]]
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
    names = dict.fromkeys(name for person in PEOPLE for name in (person.role, *person.groups))
    return "\n".join([*top, *places, *people, *map(_group, names)])


def _group(name: str) -> str:
    members = [_dn(person) for person in PEOPLE if name in (person.role, *person.groups)]
    return _entry(f"cn={name},ou=groups,{SUFFIX}", "groupOfNames", cn=name, member=members)


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


def _entry(dn: str, *classes: str, **values: str | list[str]) -> str:
    lines = {"dn": dn, "entryUUID": str(uuid.uuid5(uuid.NAMESPACE_URL, dn)), **values}
    words = [
        _line(name, one) for name, value in lines.items() for one in (value if isinstance(value, list) else [value])
    ]
    return "\n".join([words[0], *(f"objectClass: {name}" for name in classes), *words[1:], ""])


def _line(name: str, value: str) -> str:
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


def _dn(person: DemoPerson) -> str:
    return f"uid={person.name},ou=people,{SUFFIX}"


def _hashed(password: str, salt: str) -> str:
    """The same every time, so that an unchanged directory is recognised."""
    digest = hashlib.sha1(password.encode() + salt.encode()).digest()
    return "{SSHA}" + base64.b64encode(digest + salt.encode()).decode()
