"""The names of a backup's files and moments."""

from __future__ import annotations

from uuid import UUID

import pytest

from vms.rules.backing_up import (
    LIST,
    SUMS,
    Taking,
    checkpoint_of,
    file_of,
    is_checkpoint,
    is_overlay,
    overlay_of,
    stem_of,
)

STEM = stem_of("Web 01", UUID("3f0c1122-0000-4000-8000-000000000000"), "20261123T130500Z")


def test_people_can_tell_a_backup_by_the_names_of_its_files():
    assert STEM == "web-01-3f0c1122-20261123T130500Z"
    assert [file_of(STEM, part) for part in ("vda", LIST, SUMS)] == [
        f"{STEM}.vda.qcow2",
        f"{STEM}.backup.json",
        f"{STEM}.sha256",
    ]


def test_an_overlay_is_told_from_a_disk_and_from_a_backup():
    assert is_overlay(f"/images/{overlay_of(STEM, 'vda')}")
    assert not is_overlay(f"/images/{file_of(STEM, 'vda')}")
    assert not is_overlay("/images/web-01.qcow2")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [(checkpoint_of(STEM, 1), True), (STEM, False), ("nightly", False), ("web-01-3f0c1122-1", False)],
)
def test_the_panel_s_moments_are_told_from_those_of_other_tools(name: str, is_ours: bool):
    assert is_checkpoint(name) is is_ours


def test_what_is_asked_for_comes_back_from_the_database():
    taking = Taking(7, "/backups", whole=True, longest_chain=3, with_memory=True, freezes=False)
    assert Taking.from_arguments(taking.to_arguments()) == taking
