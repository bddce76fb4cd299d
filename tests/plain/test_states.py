"""The states of an account and the changes between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_provisioning.core import states
from panda_provisioning.core.states import State, is_allowed, sources_of

D, W, Q, R, S, T, U, F = State

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "states.md"

ALLOWED = {
    D: {D, W, Q, S},
    W: {D, W, Q, S},
    Q: {D, W, Q, R, S},
    R: {R, W, Q, S, T, U, F},
    S: {D, W, Q},
    T: {D, W, Q, R, S, F},
    U: {D, W, Q, R, S, F},
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


def test_a_state_is_stored_under_its_own_name() -> None:
    """A state that is stored otherwise orphans the accounts of every database."""
    assert [state.value for state in State] == [
        *("draft", "waiting", "queued", "running"),
        *("synced", "retry", "unknown", "failed"),
    ]


CHANGES = {
    "queue": ({D, W, Q, S, T, U, F}, Q),
    "wait": ({D, W, Q, S, T, U, F}, W),
    "wake": ({W}, Q),
    "claim": ({Q, T, U, R}, R),
    "continue": ({R}, R),
    "finish": ({R}, S),
    "put back": ({R}, Q),
    "wait for the reseller": ({R}, W),
    "schedule a retry": ({R}, T),
    "lose the outcome": ({R}, U),
    "fail": ({R}, F),
    "give up": ({T, U}, F),
    "mark as done elsewhere": ({D, W, Q, T, U, F}, S),
    "reopen": ({S}, D),
    "withdraw": ({D, W, Q, S, T, F}, D),
    "move": ({D, W, Q, S, T, U, F}, D),
}
"""From where to where each change leads."""


def test_the_changes_in_the_order_in_which_they_are_documented() -> None:
    """``docs/states.md`` is generated from them."""
    assert [change.name for change in states.CHANGES] == list(CHANGES)


@pytest.mark.parametrize("change", states.CHANGES, ids=lambda change: change.name)
def test_a_change_leads_from_its_sources_to_its_target(change: states.Change) -> None:
    assert (set(change.sources), change.target) == CHANGES[change.name]
    assert len(set(change.sources)) == len(change.sources)


def test_a_change_is_documented_with_its_cause() -> None:
    """A cause is a sentence, and no other change has it."""
    causes = [change.cause for change in states.CHANGES]
    assert len(set(causes)) == len(causes)
    assert all(cause.endswith(".") for cause in causes)
    rows = DOCUMENT.read_text().splitlines()
    for change in states.CHANGES:
        [row] = [row for row in rows if row.startswith(f"| {change.name} |")]
        assert row.endswith(f"| `{change.target.value}` | {change.cause} |")
