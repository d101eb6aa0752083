"""Distinguished names, compared by what they mean and not by how they are spelt; and filters that can be read."""

from __future__ import annotations

import hashlib

import ldap
import ldap.dn

DnKey = tuple[frozenset[tuple[str, str]], ...]

NOBODY = "ldapi://%2Fnonexistent"
LONGEST_KEY = 255


def is_dn(text: str) -> bool:
    return bool(text) and bool(ldap.dn.is_dn(text))


def is_filter(text: str) -> bool:
    """Asks libldap, which reads a filter before it looks for a server."""
    try:
        ldap.initialize(NOBODY).search_ext("", ldap.SCOPE_BASE, text)
    except ldap.FILTER_ERROR:
        return False
    except ldap.SERVER_DOWN:
        return True
    return True


def dn_below(base: str, name: str) -> str:
    """Of the group with this name directly below the base."""
    return f"cn={ldap.dn.escape_dn_chars(name)},{base}"


def dn_key(dn: str) -> DnKey:
    """The same for two spellings of one name: case, spaces after commas and escapes do not count."""
    parts = ldap.dn.str2dn(dn)
    return tuple(frozenset((name.lower(), _plain(value)) for name, value, _flags in part) for part in parts)


def key_of_dn(dn: str) -> str:
    """One text for all spellings, short enough to be kept."""
    text = str(ldap.dn.dn2str([[(name, value, 1) for name, value in sorted(part)] for part in dn_key(dn)]))
    return text if len(text) <= LONGEST_KEY else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def first_value(dn: str) -> str:
    """As "Ops" of "cn=Ops,ou=groups,dc=example"; "" of nothing."""
    parts = ldap.dn.str2dn(dn)
    return str(parts[0][0][1]) if parts else ""


def place_of(dn: str) -> str:
    """What it is in."""
    return str(ldap.dn.dn2str(ldap.dn.str2dn(dn)[1:]))


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())
