"""Backups that were made some time ago, on real nodes: what is damaged, what stands on it, and what is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.backups import Kept, Laden, backed_up, laden
from tests.faults.desks import Desk
from tests.stack import wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

CHUNK = 4096


def row_of(each: Laden, kept: Kept) -> dict[str, Any]:
    return next((row for row in each.rows() if row["id"] == kept.row["id"]), {})


def is_checked(each: Laden, kept: Kept) -> bool:
    return bool(row_of(each, kept)["checked_at"])


def names_in(folder: Path, kept: Kept) -> set[str]:
    return {file.name.removeprefix(f"{kept.row['stem']}.") for file in folder.glob(f"{kept.row['stem']}.*")}


def spoil(path: Path) -> None:
    """Some bytes in the middle, as a bad disk would."""
    with path.open("r+b") as image:
        image.seek(path.stat().st_size // 2 // CHUNK * CHUNK)
        image.write(bytes(range(256)))


def test_nothing_is_put_on_top_of_what_is_damaged_and_what_is_deleted_leaves_no_file(anna: Visitor, desk: Desk) -> None:
    with laden(desk, "spoilt", content=16) as spoilt:
        whole = backed_up(anna, spoilt)
        spoilt.write(5, at=2)
        changes = backed_up(anna, spoilt)
        assert not changes.is_whole
        assert wait_until(lambda: is_checked(spoilt, whole) and is_checked(spoilt, changes), seconds=30)
        spoil(whole.image)
        desk.ask("check", backup=whole.row["id"])
        assert wait_until(lambda: row_of(spoilt, whole)["state"] == "damaged", seconds=20)
        assert row_of(spoilt, whole)["damage"] == "changed"
        assert row_of(spoilt, changes)["state"] == "good"
        again = backed_up(anna, spoilt)
        assert again.is_whole
        desk.ask("delete", backup=changes.row["id"])
        assert wait_until(lambda: not row_of(spoilt, changes), seconds=20)
        assert names_in(desk.folder, changes) == set()
        again.is_true()
        spoilt.is_unharmed(anna, "Running")
