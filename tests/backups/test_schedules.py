"""A schedule on real nodes: what was missed is made up for once, and what is no longer kept goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.backups import Laden, known, laden
from tests.faults.desks import Desk
from tests.stack import Stack, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.live

SCHEDULES = "/backups/schedules/"
KEEPS_ONE = {"longest_chain": "0", "keep_last": "1", "keep_daily": "0", "keep_weekly": "0", "keep_monthly": "0"}


@contextmanager
def scheduled(anna: Visitor, each: Laden, **wish: str) -> Iterator[int]:
    """The key of a schedule that backs this machine up."""
    form = anna.get(f"{SCHEDULES}add/").html.xpath("//form[@data-schedule]")[0]
    usual = {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}
    chosen = {"name": each.name, "covers": "chosen", "machines": str(each.machine.uuid)}
    page = anna.post(f"{SCHEDULES}add/", **{**usual, **chosen, **wish})
    assert page.status == 200, page.words("field__error")
    key = int(page.url.rstrip("/").rpartition("/")[2])
    try:
        yield key
    finally:
        anna.post(f"{SCHEDULES}{key}/remove/")


def miss_some_nights(stack: Stack, schedule: int) -> None:
    """As if the panel had been down."""
    last = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(stack.database, timeout=20)) as database, database:
        database.execute("UPDATE vms_backupschedule SET last_run = ? WHERE id = ?", [last, schedule])


def turns_of(stack: Stack, schedule: int) -> int:
    with closing(sqlite3.connect(stack.database, timeout=20)) as database:
        asked = "SELECT count(*) FROM vms_backupturn WHERE schedule_id = ?"
        return int(database.execute(asked, [schedule]).fetchone()[0])


def is_good(each: Laden, *, but: int = 0) -> bool:
    """Its only backup, which is another than that."""
    return [row["state"] for row in each.rows() if row["id"] != but] == ["good"]


def test_what_was_missed_is_made_up_for_once_and_what_is_no_longer_kept_goes(
    stack: Stack, anna: Visitor, desk: Desk
) -> None:
    with (
        laden(desk, "missed-a-night", begins="off", content=8) as each,
        scheduled(anna, each, **KEEPS_ONE) as schedule,
    ):
        known(anna, each, status="Stopped")
        miss_some_nights(stack, schedule)
        assert wait_until(lambda: is_good(each), seconds=40), each.rows()
        assert turns_of(stack, schedule) == 1
        first = each.newest(each.should_hold)
        first.is_true()

        assert anna.post(f"{SCHEDULES}{schedule}/run/").status == 200
        assert wait_until(lambda: is_good(each, but=first.row["id"]), seconds=40), each.rows()
        assert wait_until(lambda: len(each.rows()) == 1, seconds=60), each.rows()
        assert not first.image.exists()
        each.newest(each.should_hold).is_true()
        assert turns_of(stack, schedule) == 2
        each.is_unharmed(anna, "Stopped")
