from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vms.rules.names import (
    LONGEST_NAME,
    NameFault,
    before_the_counter,
    counted_names,
    fault_in_machine_name,
    fault_in_name,
    fault_in_node_name,
    fault_in_pattern,
)


@pytest.mark.parametrize(
    "name", ["web1", "Prüfstand 3", "数据库", "شبكة", "<script>alert(1)</script>", "a" * LONGEST_NAME]
)
def test_a_name_may_be_in_any_script_and_say_anything(name: str):
    assert fault_in_name(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", NameFault.EMPTY),
        (" \t ", NameFault.EMPTY),
        ("a" * (LONGEST_NAME + 1), NameFault.TOO_LONG),
        ("a" * 300, NameFault.TOO_LONG),
        ("web\n1", NameFault.INVISIBLE_CHARACTERS),
        ("web\x00", NameFault.INVISIBLE_CHARACTERS),
        ("web\N{RIGHT-TO-LEFT OVERRIDE}1", NameFault.INVISIBLE_CHARACTERS),
        ("web\N{ZERO WIDTH SPACE}1", NameFault.INVISIBLE_CHARACTERS),
        ("web\ud8001", NameFault.INVISIBLE_CHARACTERS),
        ("web\N{LINE SEPARATOR}1", NameFault.INVISIBLE_CHARACTERS),
    ],
)
def test_a_name_that_people_could_not_read_is_refused(name: str, fault: NameFault):
    assert fault_in_name(name) is fault


@pytest.mark.parametrize("name", ["alpha", "node-1.example.org", "7", "A"])
def test_a_node_is_named_as_a_host_is(name: str):
    assert fault_in_node_name(name) is None


@pytest.mark.parametrize("name", ["node 1", "-alpha", "alpha.", "älpha", "a/b", "alpha\n"])
def test_what_is_no_host_name_is_no_node_name(name: str):
    assert fault_in_node_name(name) in {NameFault.NOT_A_NODE_NAME, NameFault.INVISIBLE_CHARACTERS}


@given(st.text(st.characters(), min_size=1, max_size=70))
def test_every_name_that_is_accepted_can_be_stored_and_shown(text: str):
    if fault_in_name(text) is None:
        assert text.encode()
        assert text.strip()
        assert "\0" not in text
        assert len(text.splitlines()) == 1


@pytest.mark.parametrize("name", ["web 01", "100 %", "-x", "1", "a,b", "a.b", "\N{GRINNING FACE}" * 60])
def test_a_machine_that_is_made_may_be_called_nearly_anything(name: str):
    assert fault_in_machine_name(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a/b", NameFault.NOT_A_FILE_NAME),
        (".a", NameFault.NOT_A_FILE_NAME),
        ("..", NameFault.NOT_A_FILE_NAME),
        ("\N{GRINNING FACE}" * 61, NameFault.TOO_LONG_FOR_A_FILE),
        ("", NameFault.EMPTY),
        ("a\nb", NameFault.INVISIBLE_CHARACTERS),
    ],
)
def test_what_a_node_would_refuse_is_refused_before(name: str, fault: NameFault):
    assert fault_in_machine_name(name) is fault


@pytest.mark.parametrize(
    ("pattern", "count", "first", "names"),
    [
        ("web", 1, 7, ["web"]),
        ("web-%d", 1, 7, ["web-7"]),
        ("web-%02d", 3, 9, ["web-09", "web-10", "web-11"]),
        ("%03d.example", 2, 0, ["000.example", "001.example"]),
        ("100 %-%d", 2, 1, ["100 %-1", "100 %-2"]),
        ("%0d %s %(a)s", 1, 1, ["%0d %s %(a)s"]),
    ],
)
def test_many_are_named_by_a_counter(pattern: str, count: int, first: int, names: list[str]):
    assert counted_names(pattern, count, first) == names
    assert all(name.startswith(before_the_counter(pattern)) for name in names)
    assert fault_in_pattern(pattern, count, first) is None


@pytest.mark.parametrize(
    ("pattern", "count", "first", "fault"),
    [
        ("web", 2, 1, NameFault.NO_COUNTER),
        ("web-%2d", 2, 1, NameFault.NO_COUNTER),
        ("%d%d", 1, 1, NameFault.SEVERAL_COUNTERS),
        ("a" * 62 + "%d", 2, 9, NameFault.TOO_LONG),
        ("a/%d", 2, 1, NameFault.NOT_A_FILE_NAME),
    ],
)
def test_names_that_cannot_be_counted_are_refused(pattern: str, count: int, first: int, fault: NameFault):
    assert fault_in_pattern(pattern, count, first) is fault


@given(st.text(st.characters(), max_size=70), st.integers(1, 50), st.integers(0, 999_999))
def test_as_many_names_as_were_asked_for_and_no_two_the_same(pattern: str, count: int, first: int):
    if fault_in_pattern(pattern, count, first) is None:
        names = counted_names(pattern, count, first)
        assert len(set(names)) == len(names) == count
