"""`manage.py add_pool` and `make_golden_image`: the same as the pages, without a browser."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.operations.golden import add_dynamic_pool
from tests.operations.streaming import GIB
from vms.management.commands import make_golden_image
from vms.models import AuditLine, Node, Operation, StoragePool, Vm, VmPool
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.pools import PoolKind

pytestmark = pytest.mark.django_db


def test_a_pool_is_added_and_the_audit_trail_says_how() -> None:
    call_command("add_pool", "Web team", "--most-vms", "4", "--most-memory", "2", "--most-vcpus", "8")
    pool = VmPool.objects.get()
    assert (pool.name, pool.kind) == ("Web team", PoolKind.PERSISTENT)
    assert (pool.most_vms, pool.most_memory, pool.most_vcpus) == (4, 2 * GIB, 8)
    line = AuditLine.objects.get()
    assert (line.person_name, line.subject_name) == ("manage.py add_pool", "Web team")


def test_one_of_dynamic_vms_has_a_maximum() -> None:
    words = ("add_pool", "Desktops", "--kind", "dynamic", "--pre-started", "2")
    with pytest.raises(CommandError, match="--most-vms"):
        call_command(*words)
    call_command(*words, "--most-vms", "6")
    with pytest.raises(CommandError, match="called desktops"):
        call_command("add_pool", "desktops")
    assert [(pool.kind, pool.pre_started) for pool in VmPool.objects.all()] == [(PoolKind.DYNAMIC, 2)]


def test_a_template_is_copied_for_a_pool(node: Node, template: Vm) -> None:
    pool = add_dynamic_pool(node, most_vms=4)
    call_command("make_golden_image", template.display_name, pool.name, "debian 1")
    operation = Operation.objects.get(action=Action.DYNAMIC)
    assert (operation.vm.kind, operation.vm.pool) == (Kind.GOLDEN_IMAGE, pool)
    assert operation.arguments["activate"]
    assert operation.requested_by_name == "manage.py make_golden_image"
    with pytest.raises(CommandError, match="cannot be made now"):
        call_command("make_golden_image", template.display_name, pool.name, "debian 1")


@pytest.mark.parametrize(("template", "pool"), [("nothing", "desks"), ("debian", "nowhere")])
def test_what_is_not_there_is_said(node: Node, template: str, pool: str) -> None:
    add_dynamic_pool(node)
    with pytest.raises(CommandError, match="called no"):
        call_command("make_golden_image", template, pool, "debian 1")


def test_it_waits_until_a_node_has_told_of_its_storage(
    node: Node, template: Vm, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = add_dynamic_pool(node, most_vms=4)
    storage = StoragePool.objects.get()
    StoragePool.objects.all().delete()
    words = ("make_golden_image", template.display_name, pool.name, "debian 1", "--patience")
    with pytest.raises(CommandError, match="cannot be made now"):
        call_command(*words, "0")
    monkeypatch.setattr(make_golden_image.PAUSE, "wait", lambda _seconds: storage.save(force_insert=True))
    call_command(*words, "30")
    assert Operation.objects.filter(action=Action.DYNAMIC).exists()
