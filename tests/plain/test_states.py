"""The states of an account and the changes between them."""

from __future__ import annotations

import pytest

from panda_provisioning.core import states
from panda_provisioning.core.states import State, is_allowed, sources_of

D, W, Q, R, S, T, U, F = State

ALLOWED = {
    D: {D, W, Q, S},
    W: {D, W, Q, S},
    Q: {D, W, Q, R, S},
    R: {R, W, Q, S, T, U, F},
    S: {D, W, Q},
    T: {D, W, Q, R, S, F},
    U: {W, Q, R, S, F},
    F: {D, W, Q, S},
}
"""Where each state may lead to, said once more and by hand."""


@pytest.mark.parametrize("source", State)
def test_a_state_leads_where_it_may_and_nowhere_else(source: State) -> None:
    assert {target for target in State if is_allowed(source, target)} == ALLOWED[source]


@pytest.mark.parametrize("target", State)
def test_the_sources_of_a_state(target: State) -> None:
    assert set(sources_of(target)) == {s for s in State if target in ALLOWED[s]}


def test_plain_text_is_a_state_too() -> None:
    assert is_allowed("queued", "running")
    assert not is_allowed("draft", "running")
    with pytest.raises(ValueError, match="nonsense"):
        is_allowed("nonsense", "queued")


def test_every_state_can_be_left_and_reached() -> None:
    for state in State:
        assert sources_of(state)
        assert ALLOWED[state] - {state}


def test_the_groups_of_states() -> None:
    assert set(states.CLAIMABLE) == {Q, T, U, R}
    assert set(states.PENDING) == {Q, R}
    assert set(states.AT_REST) == {D, S, F}
    assert set(states.ENDED) == {S, F, T, U}
    assert set(states.RETRIABLE) == {F, T, U}
    assert set(states.SCHEDULED) == {T, U}
    assert set(states.SETTLED) == {S, F}
    assert set(states.REQUEUED_WHEN_EDITED) == {S, F, T}
    assert states.MOST_URGENT_FIRST == (F, U, T, R, Q, W, S, D)


def test_every_change_has_a_name_and_a_cause_of_its_own() -> None:
    assert len({change.name for change in states.CHANGES}) == len(states.CHANGES) == 15
    assert all(change.cause.endswith(".") for change in states.CHANGES)
