"""How the directory is described in the environment: what is wrong stops the start and names itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured

from directory.ldap.access import Access, GroupKind
from directory.ldap.names import dn_key
from directory.roles import Role
from stoney_panel.people import SYSTEM_CA, directory_from_environment

GOOD = {"PANEL_LDAP_URI": "ldapi://%2Frun%2Fldap.sock", "PANEL_LDAP_PEOPLE": "ou=people,dc=example"}
REMOTE = {"PANEL_LDAP_URI": "ldap://ldap.example.org", "PANEL_LDAP_PEOPLE": "ou=people,dc=example"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch):
    def read(**values: str) -> Access | None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return directory_from_environment()

    return read


def test_without_an_address_there_is_none(read):
    assert read() is None
    assert read(PANEL_LDAP_URI="") is None


def test_what_is_usual_need_not_be_said(read):
    access = read(**GOOD)
    assert (access.uses_tls, access.attributes.name, access.timeout) == (False, "uid", 5)
    assert access.groups.role_of(()) is Role.USER


def test_over_the_network_passwords_are_secret(read):
    access = read(**REMOTE)
    assert (access.uses_tls, access.ca, access.port) == (True, SYSTEM_CA, 389)


def test_a_password_may_be_in_a_file_and_is_not_shown(read, tmp_path: Path):
    (tmp_path / "password").write_text("a secret\n")
    file = str(tmp_path / "password")
    access = read(**GOOD, PANEL_LDAP_BIND_DN="cn=panel,dc=example", PANEL_LDAP_BIND_PASSWORD_FILE=file)
    assert access.bind_password == "a secret"
    assert "a secret" not in repr(access)


def test_groups_are_named_in_full_or_below_the_base(read):
    access = read(
        **GOOD,
        PANEL_LDAP_GROUPS="ou=groups,dc=example",
        PANEL_LDAP_GROUP_TYPE="posixGroup",
        PANEL_LDAP_ADMINISTRATORS="admins, really; CN=Root,OU=Other,DC=Example",
        PANEL_LDAP_USERS="all",
    )
    assert access.groups.kind is GroupKind.POSIX_GROUP
    assert access.groups.roles[Role.ADMINISTRATOR] == {
        dn_key("cn=admins\\, really,ou=groups,dc=example"),
        dn_key("cn=root,ou=other,dc=example"),
    }
    assert access.groups.role_of(("cn=root, ou=other, dc=example",)) is Role.ADMINISTRATOR
    assert access.groups.role_of(("cn=root,ou=other,dc=example,dc=org", "cn=x,dc=example")) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PANEL_LDAP_URI", "http://ldap.example.org"),
        ("PANEL_LDAP_URI", "ldap://"),
        ("PANEL_LDAP_URI", "ldapi:///"),
        ("PANEL_LDAP_URI", "ldap://host:port"),
        ("PANEL_LDAP_URI", "ldap://one ldap://two"),
        ("PANEL_LDAP_PEOPLE", ""),
        ("PANEL_LDAP_PEOPLE", "people"),
        ("PANEL_LDAP_PEOPLE_FILTER", "(objectClass=person"),
        ("PANEL_LDAP_PEOPLE_FILTER", "person)(x"),
        ("PANEL_LDAP_STARTTLS", "maybe"),
        ("PANEL_LDAP_STARTTLS", "yes"),
        ("PANEL_LDAP_BIND_DN", "panel"),
        ("PANEL_LDAP_BIND_DN", "cn=panel,dc=example"),
        ("PANEL_LDAP_BIND_PASSWORD", "without a name"),
        ("PANEL_LDAP_BIND_PASSWORD_FILE", "/nonexistent"),
        ("PANEL_LDAP_PERSON_DN", "uid=%s,dc=example"),
        ("PANEL_LDAP_PERSON_DN", "{name}@example.org"),
        ("PANEL_LDAP_GROUPS", "groups"),
        ("PANEL_LDAP_GROUP_TYPE", "groupofnames"),
        ("PANEL_LDAP_NESTED_GROUPS", "2"),
        ("PANEL_LDAP_ADMINISTRATORS", "administrators"),
        ("PANEL_LDAP_OPERATORS", "cn=operators,dc=example;=nonsense"),
        ("PANEL_LDAP_NAME_ATTRIBUTE", "uid)(x=*"),
        ("PANEL_LDAP_KEY_ATTRIBUTE", "entry uuid"),
        ("PANEL_LDAP_TIMEOUT", "0"),
        ("PANEL_LDAP_TIMEOUT", "5.5"),
        ("PANEL_LDAP_CONNECT_TIMEOUT", "3600"),
    ],
)
def test_a_wrong_value_names_itself(read, name: str, value: str):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**GOOD | {name: value})


def test_passwords_do_not_go_over_the_network_in_clear(read):
    with pytest.raises(ImproperlyConfigured, match="PANEL_LDAP_STARTTLS"):
        read(**REMOTE, PANEL_LDAP_STARTTLS="no")


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_the_certificates_must_be_there(read, tmp_path: Path, content: str | None):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ImproperlyConfigured, match="PANEL_LDAP_CA"):
        read(**REMOTE, PANEL_LDAP_CA=str(file))


def test_only_one_of_service_and_person_logs_in(read):
    with pytest.raises(ImproperlyConfigured, match="PANEL_LDAP_PERSON_DN"):
        read(
            **GOOD,
            PANEL_LDAP_PERSON_DN="uid={name},dc=example",
            PANEL_LDAP_BIND_DN="cn=panel,dc=example",
            PANEL_LDAP_BIND_PASSWORD="x",
        )


def test_every_right_of_a_role_is_there(db: None):
    known = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}
    assert frozenset().union(*settings.RIGHTS_OF_ROLES.values()) <= known
    assert set(settings.RIGHTS_OF_ROLES) | {Role.ADMINISTRATOR} == set(Role)
