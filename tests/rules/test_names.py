from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vms.rules.names import LONGEST_NAME, NameFault, fault_in_name, fault_in_node_name


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
