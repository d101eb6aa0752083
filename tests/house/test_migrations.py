"""The way from an empty database to today's: complete, in one line, and dependent on nothing that may change."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tests.house.project import ROOT

OURS = ("vms", "directory")


def test_every_change_of_a_model_has_its_migration(db: None):
    said = StringIO()
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_no_two_migrations_follow_the_same_one():
    assert MigrationLoader(None).detect_conflicts() == {}


@pytest.mark.parametrize("app", OURS)
def test_migrations_are_numbered_in_the_order_they_are_applied(app: str):
    loader = MigrationLoader(None)
    (last,) = loader.graph.leaf_nodes(app)
    order = [name for owner, name in loader.graph.forwards_plan(last) if owner == app]
    assert order == sorted(loader_names(loader, app))
    assert [int(name[:4]) for name in order] == list(range(1, len(order) + 1))


def loader_names(loader: MigrationLoader, app: str) -> list[str]:
    return [name for owner, name in loader.disk_migrations if owner == app]


@pytest.mark.parametrize("app", OURS)
def test_no_migration_imports_what_may_be_renamed_tomorrow(app: str):
    """Enums and labels belong to today's code; a migration is for ever."""
    imports = re.compile(rf"^\s*(import|from)\s+({'|'.join(OURS)})\b", re.MULTILINE)
    files = (ROOT / app / "migrations").glob("0*.py")
    assert [path.name for path in files if imports.search(path.read_text(encoding="utf-8"))] == []
