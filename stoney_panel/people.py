"""Who may log in, out of the environment: how to reach the LDAP directory, and what its groups and roles mean here."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from directory.ldap.access import Access, Attributes, GroupKind, Groups
from directory.ldap.names import DnKey, dn_below, dn_key, is_dn, is_filter
from directory.roles import Role
from stoney_panel import env

SCHEMES = ("ldap", "ldaps", "ldapi")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
GROUPS_OF_ROLES = {
    Role.ADMINISTRATOR: "PANEL_LDAP_ADMINISTRATORS",
    Role.OPERATOR: "PANEL_LDAP_OPERATORS",
    Role.AUDITOR: "PANEL_LDAP_AUDITORS",
    Role.USER: "PANEL_LDAP_USERS",
}
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"

RIGHTS_OF_ROLES: dict[str, frozenset[str]] = {
    Role.OPERATOR: frozenset({"vms.view_every_vm", "vms.use_vm", "vms.operate_vm", "vms.create_vm", "vms.view_node"}),
    Role.AUDITOR: frozenset({"vms.view_every_vm", "vms.view_node", "vms.view_auditline"}),
    Role.USER: frozenset(),
}
"""The one place that says what a role may do. An administrator may do everything."""


def directory_from_environment() -> Access | None:
    """None if the panel has its local accounts only. What is wrong stops the start and names itself."""
    uri = env.text("PANEL_LDAP_URI", "")
    if not uri:
        return None
    access = Access(
        uri=_uri(uri),
        people_base=_dn("PANEL_LDAP_PEOPLE"),
        people_filter=_filter("PANEL_LDAP_PEOPLE_FILTER", "(objectClass=inetOrgPerson)"),
        starttls=env.flag("PANEL_LDAP_STARTTLS", default=urlsplit(uri).scheme == "ldap"),
        ca=env.text("PANEL_LDAP_CA", SYSTEM_CA),
        bind_dn=_dn("PANEL_LDAP_BIND_DN", optional=True),
        bind_password=env.given_secret("PANEL_LDAP_BIND_PASSWORD"),
        person_dn=_person_dn("PANEL_LDAP_PERSON_DN"),
        attributes=_attributes(),
        groups=_groups(),
        timeout=env.number("PANEL_LDAP_TIMEOUT", 5, least=1, most=30),
        connect_timeout=env.number("PANEL_LDAP_CONNECT_TIMEOUT", 3, least=1, most=30),
    )
    _require_secret_passwords(access)
    _require_certificates(access)
    _require_password_of_the_service(access)
    return access


def _uri(uri: str) -> str:
    """Of one server; behind a name may be several."""
    try:
        parts = urlsplit(uri)
        is_plain = parts.scheme in SCHEMES and parts.path in {"", "/"} and bool(parts.netloc) and parts.port != 0
    except ValueError:
        is_plain = False
    if not is_plain:
        raise ImproperlyConfigured(
            f"PANEL_LDAP_URI must be ldaps://host, ldap://host:port or ldapi://%2Fpath%2Fof%2Fsocket, not {uri!r}"
        )
    return uri


def _attributes() -> Attributes:
    usual = Attributes()
    return Attributes(
        name=_attribute("PANEL_LDAP_NAME_ATTRIBUTE", usual.name),
        key=_attribute("PANEL_LDAP_KEY_ATTRIBUTE", usual.key),
        full_name=_attribute("PANEL_LDAP_FULL_NAME_ATTRIBUTE", usual.full_name),
        mail=_attribute("PANEL_LDAP_MAIL_ATTRIBUTE", usual.mail),
        language=_attribute("PANEL_LDAP_LANGUAGE_ATTRIBUTE", usual.language),
    )


def _attribute(name: str, default: str) -> str:
    value = env.text(name, default)
    if not (value.isascii() and value.replace("-", "").isalnum()):
        raise ImproperlyConfigured(f"{name} must be the name of an attribute such as {default}, not {value!r}")
    return value


def _groups() -> Groups:
    base = _dn("PANEL_LDAP_GROUPS", optional=True)
    kind = GroupKind(env.choice("PANEL_LDAP_GROUP_TYPE", GroupKind.GROUP_OF_NAMES, among=tuple(GroupKind)))
    roles = {role: _groups_of_role(name, base) for role, name in GROUPS_OF_ROLES.items()}
    if any(roles.values()) and not base and kind is not GroupKind.MEMBER_OF:
        raise ImproperlyConfigured("PANEL_LDAP_GROUPS must be set: groups give roles, and it says where groups are")
    return Groups(base, kind, env.flag("PANEL_LDAP_NESTED_GROUPS", default=False), roles)


def _groups_of_role(name: str, base: str) -> frozenset[DnKey]:
    """Distinguished names, or names of groups directly below the base, separated by semicolons."""
    given = [word.strip() for word in env.text(name, "").split(";") if word.strip()]
    dns = [word if "=" in word or not base else dn_below(base, word) for word in given]
    for dn in dns:
        if not is_dn(dn):
            raise ImproperlyConfigured(f"{name} must name groups, separated by semicolons; {dn!r} is none")
    return frozenset(map(dn_key, dns))


def _dn(name: str, *, optional: bool = False) -> str:
    value = env.text(name, "")
    if not is_dn(value) and not (optional and not value):
        raise ImproperlyConfigured(f"{name} must be a distinguished name such as ou=people,dc=example, not {value!r}")
    return value


def _person_dn(name: str) -> str:
    value = env.text(name, "")
    if value and (value.count("{name}") != 1 or not is_dn(value.replace("{name}", "x"))):
        raise ImproperlyConfigured(f"{name} must be such as uid={{name}},ou=people,dc=example, not {value!r}")
    return value


def _filter(name: str, default: str) -> str:
    value = env.text(name, default)
    if not is_filter(value):
        raise ImproperlyConfigured(f"{name} must be a filter such as {default}, not {value!r}")
    return value


def _require_secret_passwords(access: Access) -> None:
    if access.scheme == "ldap" and not access.starttls and access.host not in THIS_MACHINE:
        raise ImproperlyConfigured(
            "PANEL_LDAP_STARTTLS=no would send passwords over the network for everybody to read; "
            "only a directory on this machine may be asked so"
        )
    if access.scheme != "ldap" and access.starttls:
        raise ImproperlyConfigured(f"PANEL_LDAP_STARTTLS=yes does not go with {access.scheme}://")


def _require_certificates(access: Access) -> None:
    if not access.uses_tls:
        return
    try:
        known = ssl.create_default_context(cafile=Path(access.ca)).get_ca_certs()
    except (OSError, ssl.SSLError) as error:
        raise ImproperlyConfigured(f"PANEL_LDAP_CA must be a file of certificates: {access.ca}: {error}") from error
    if not known:
        raise ImproperlyConfigured(f"PANEL_LDAP_CA must be a file of certificates of authorities: {access.ca} has none")


def _require_password_of_the_service(access: Access) -> None:
    if access.person_dn and access.bind_dn:
        raise ImproperlyConfigured("PANEL_LDAP_PERSON_DN and PANEL_LDAP_BIND_DN exclude each other: who logs in?")
    if bool(access.bind_dn) != bool(access.bind_password):
        raise ImproperlyConfigured("PANEL_LDAP_BIND_DN needs PANEL_LDAP_BIND_PASSWORD or ..._FILE, and the other way")
