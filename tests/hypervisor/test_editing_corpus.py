"""Machines of all shapes, edited: the change is made, nothing else is touched, and libvirt takes it as before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import libvirt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.hypervisor.editings import CORPUS, EDITS, canonical, settled, untouched
from vms.hypervisor.machine_xml import edited, hardware_of, parse
from vms.rules.differences import Change, When, difference, left_to_do
from vms.rules.editing import in_definition, plan

SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")

Takes = Callable[[str], str]


@pytest.fixture(scope="module")
def takes() -> Iterator[Takes]:
    """What libvirt's parser has against a definition, "" if it takes it. The schema is asked apart: libvirt would read
    it anew each time."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    connection = libvirt.open("test:///default")

    def complaint(xml: str) -> str:
        try:
            as_test = re.sub(r"<domain type=.(qemu|kvm).", "<domain type='test'", xml, count=1)
            connection.defineXML(as_test).undefineFlags(KEEP_NOTHING)
        except libvirt.libvirtError as error:
            return str(error)
        return ""

    yield complaint
    connection.close()


KEEP_NOTHING = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA


@cache
def schema() -> etree.RelaxNG:
    return etree.RelaxNG(file=str(SCHEMA))


def faults(xml: str) -> list[str]:
    """What libvirt's schema has against a definition."""
    schema().validate(parse(xml))
    return [fault.message for fault in schema().error_log]


def test_there_are_machines_of_many_shapes() -> None:
    assert len(CORPUS) >= 40


@pytest.mark.parametrize("name", CORPUS)
def test_libvirt_takes_them_as_they_are(name: str, takes: Takes) -> None:
    assert faults(CORPUS[name]) == []
    assert takes(CORPUS[name]) == ""


@pytest.mark.parametrize("name", CORPUS)
def test_without_a_change_nothing_changes(name: str) -> None:
    machine = hardware_of(CORPUS[name])
    assert difference(machine, machine) == []
    assert canonical(parse(edited(CORPUS[name], []))) == canonical(parse(CORPUS[name]))


@pytest.mark.broad
@pytest.mark.parametrize("name", CORPUS)
def test_an_edit_is_made_and_touches_nothing_else(name: str, takes: Takes) -> None:
    before = CORPUS[name]
    for edit in EDITS:
        changes = plan(hardware_of(before), EDITS[edit](hardware_of(before)))
        after = edited(before, changes)
        require_made(before, after, changes)
        assert not in_definition(changes) or takes(after) == "", edit
        assert faults(after) == [], edit


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_is_possible_for_some_and_is_then_seen(edit: str) -> None:
    made = [plan(hardware_of(xml), EDITS[edit](hardware_of(xml))) for xml in CORPUS.values()]
    assert any(changes and in_definition(changes) == changes for changes in made)


@pytest.mark.broad
@settings(max_examples=150)
@given(name=st.sampled_from(sorted(CORPUS)), edits=st.lists(st.sampled_from(sorted(EDITS)), min_size=2, max_size=8))
def test_edit_after_edit(name: str, edits: list[str]) -> None:
    xml = CORPUS[name]
    for edit in edits:
        machine = hardware_of(xml)
        wanted = EDITS[edit](machine)
        changes = plan(machine, wanted)
        after = edited(xml, changes)
        require_made(xml, after, changes)
        if all(change.when is not When.NEVER for change in changes):
            assert difference(settled(wanted), hardware_of(after)) == []
        xml = after
    assert faults(xml) == []


def require_made(before: str, after: str, changes: list[Change]) -> None:
    possible = in_definition(changes)
    assert left_to_do(possible, hardware_of(after)) == []
    assert untouched(after, possible, afterwards=True) == untouched(before, possible, afterwards=False)
    if not possible:
        assert after == before or canonical(parse(after)) == canonical(parse(before))
