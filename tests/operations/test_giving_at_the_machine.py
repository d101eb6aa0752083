"""`manage.py give_right`: the same as the pages Users and Groups, without a browser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from directory.models import Person
from tests.conftest import AddVm
from vms.models import AuditLine, Grant, Vm
from vms.rules.kinds import Kind
from vms.rules.rights import Right


@pytest.fixture
def uwe(db: None) -> Person:
    return Person.objects.create_user("uwe", "a good password")


def test_a_person_is_given_several_machines_by_name_or_uuid(uwe: Person, add_vm: AddVm) -> None:
    web, mail = add_vm("web1"), add_vm("mail")
    call_command("give_right", "uwe", "operate", "web1", str(mail.pk))
    assert set(Grant.objects.values_list("vm_id", "person_id", "right")) == {
        (web.pk, uwe.pk, Right.OPERATE),
        (mail.pk, uwe.pk, Right.OPERATE),
    }


def test_a_group_is_given_one(vm: Vm) -> None:
    team = Group.objects.create(name="team")
    call_command("give_right", "team", "use", vm.display_name, "--group")
    grant = Grant.objects.get()
    assert (grant.vm_id, grant.group_id, grant.right) == (vm.pk, team.pk, Right.USE)


def test_the_audit_trail_says_how_it_was_given(uwe: Person, vm: Vm) -> None:
    call_command("give_right", "uwe", "use", vm.display_name)
    line = AuditLine.objects.get()
    assert (line.person_key, line.person_name, line.subject_key) == (None, "manage.py give_right", str(vm.pk))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nobody", "use", "web1"), "There is nobody called nobody"),
        (("uwe", "use", "web2"), "No machine is called web2"),
        (("uwe", "use", "golden"), "No machine is called golden"),
        (("uwe", "use", "twin"), "Several machines are called twin"),
    ],
)
def test_what_cannot_be_given_says_why_and_changes_nothing(
    uwe: Person, add_vm: AddVm, words: tuple[str, ...], why: str
) -> None:
    add_vm("web1"), add_vm("twin"), add_vm("twin"), add_vm("golden", kind=Kind.TEMPLATE)
    with pytest.raises(CommandError, match=why):
        call_command("give_right", *words)
    assert not Grant.objects.exists()
