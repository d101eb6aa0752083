"""All facts there can be, for the property tests."""

from hypothesis import strategies as st

from vms.rules.actions import SLOT, Slot
from vms.rules.kinds import Kind, Mode
from vms.rules.power import Power, PowerReason, Wanted
from vms.rules.status import Facts, Second

RUN_ACTIONS = [action for action, slot in SLOT.items() if slot is Slot.RUN]

ALL_FACTS = st.builds(
    Facts,
    kind=st.sampled_from(Kind),
    power=st.sampled_from(Power),
    power_reason=st.sampled_from(PowerReason),
    wanted=st.sampled_from(Wanted),
    node_reachable=st.booleans(),
    known_to_node=st.booleans(),
    run=st.sampled_from([None, *RUN_ACTIONS]),
    job=st.sampled_from([None, *Second]),
    job_pauses=st.booleans(),
    mode=st.sampled_from([None, *Mode]),
    has_dependants=st.booleans(),
    linked=st.booleans(),
    changes=st.booleans(),
    protected=st.booleans(),
    doubled=st.booleans(),
    agent_used_to_answer=st.booleans(),
    agent_silent_checks=st.integers(min_value=0, max_value=4),
    watchdog_fired=st.booleans(),
)
