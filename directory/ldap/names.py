"""Distinguished names, compared by what they mean and not by how they are spelt; and filters that can be read."""

from __future__ import annotations

import ldap
import ldap.dn

DnKey = tuple[frozenset[tuple[str, str]], ...]

NOBODY = "ldapi://%2Fnonexistent"


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


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())
