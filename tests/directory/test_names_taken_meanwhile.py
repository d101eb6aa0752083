"""Two administrators choose the same name in the same moment: the second is told, as if it had been seen before."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from directory.forms.groups import GroupForm
from directory.forms.people import NewPersonForm
from directory.models import Person

pytestmark = pytest.mark.django_db

NEW = {"username": "bert", "full_name": "Bert B", "role": "user", "password": "a good password"}


def test_an_account() -> None:
    first, second = NewPersonForm(NEW), NewPersonForm(NEW)
    assert first.is_valid()
    assert second.is_valid()
    assert first.save()
    assert second.save() is None
    assert "already" in second.errors["username"][0]
    assert Person.objects.count() == 1


def test_a_group() -> None:
    first, second = GroupForm({"name": "testers"}), GroupForm({"name": "testers"})
    assert first.is_valid()
    assert second.is_valid()
    assert first.save()
    assert second.save() is None
    assert "already" in second.errors["name"][0]


def test_a_group_that_is_renamed() -> None:
    group = Group.objects.create(name="testers")
    form = GroupForm({"name": "builders"}, group=group)
    assert form.is_valid()
    Group.objects.create(name="builders")
    assert form.save() is None
    assert Group.objects.filter(pk=group.pk, name="testers").exists()
