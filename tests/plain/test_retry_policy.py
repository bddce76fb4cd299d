"""How often and how fast something is tried again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_provisioning.core.retry_policy import (
    FIRST_PROBE,
    JITTER,
    LONGEST_PROBE,
    POLICIES,
    SHORTEST_PAUSE,
    Stops,
    probe_wait,
    wait_before_retry,
)
from panda_provisioning.panda_api.errors import ErrorKind, PandaError

CLOCKED = [kind for kind in ErrorKind if POLICIES[kind].first]


def failure(kind: ErrorKind, retry_after: float | None = None) -> PandaError:
    return PandaError(kind, "code", retry_after=retry_after)


def test_every_kind_of_error_has_a_policy() -> None:
    """Nothing is left to chance."""
    assert set(POLICIES) == set(ErrorKind)


def test_what_a_person_must_mend_is_not_retried_by_the_clock() -> None:
    """And only that: everything else comes back by itself."""
    stopped = {k for k, p in POLICIES.items() if p.stops is Stops.ACCOUNT}
    assert (
        stopped == {ErrorKind.DATA, ErrorKind.CONFLICT} == set(ErrorKind) - set(CLOCKED)
    )


def test_what_is_the_systems_fault_costs_no_account_an_attempt() -> None:
    """Refused credentials, missing rights, throttling."""
    free = {kind for kind, policy in POLICIES.items() if not policy.spends}
    shared = {k for k, p in POLICIES.items() if p.stops in (Stops.SYSTEM, Stops.PACE)}
    assert free == shared
    assert free == {ErrorKind.AUTH, ErrorKind.PERMISSION, ErrorKind.THROTTLED}


@given(st.sampled_from(CLOCKED), st.integers(-3, 2000))
def test_a_wait_doubles_with_each_attempt_up_to_a_cap(
    kind: ErrorKind, attempt: int
) -> None:
    """Give or take the jitter, whatever the number of attempts."""
    policy = POLICIES[kind]
    plain = min(policy.longest, policy.first * 2 ** max(0, attempt - 1))
    wait = wait_before_retry(failure(kind), attempt, random.uniform)
    assert plain * (1 - JITTER) <= wait <= plain * (1 + JITTER)


@pytest.mark.parametrize("kind", CLOCKED)
def test_retries_do_not_come_in_waves(kind: ErrorKind) -> None:
    """Accounts that failed together are tried again apart."""
    assert (
        len({wait_before_retry(failure(kind), 3, random.uniform) for _ in range(50)})
        > 40
    )


@given(st.sampled_from(CLOCKED), st.integers(1, 20), st.floats(0, 86_400))
def test_panda_is_never_asked_before_it_wants_to_be(
    kind: ErrorKind, attempt: int, asked: float
) -> None:
    """``Retry-After`` is the least, not the most."""
    assert wait_before_retry(failure(kind, asked), attempt, random.uniform) >= asked


@given(st.integers(-3, 2000))
def test_a_system_is_probed_ever_more_rarely(probes: int) -> None:
    """From seconds to a quarter of an hour."""
    plain = min(LONGEST_PROBE, FIRST_PROBE * 2 ** max(0, probes - 1))
    assert plain <= probe_wait(None, probes, random.uniform) <= plain * (1 + JITTER)


@pytest.mark.parametrize(("asked", "wait"), [(0, SHORTEST_PAUSE), (7, 7.0), (90, 90.0)])
def test_a_pause_is_as_long_as_panda_asked(asked: float, wait: float) -> None:
    """But never none, or a Panda that says 0 would be asked without end."""
    assert probe_wait(asked, 9, random.uniform) == wait
