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
    MAX_ATTEMPTS,
    POLICIES,
    SHORTEST_PAUSE,
    RetryPolicy,
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
def test_a_wait_grows_with_each_attempt_up_to_a_cap(
    kind: ErrorKind, attempt: int
) -> None:
    """Give or take the jitter, whatever the number of attempts."""
    policy = POLICIES[kind]
    plain = policy.longest
    if attempt < MAX_ATTEMPTS:
        plain = min(plain, policy.first * policy.factor ** max(0, attempt - 1))
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


# === THE NUMBERS === #


def no_jitter(_low: float, _high: float) -> float:
    return 0


WAITS = {
    ErrorKind.DATA: ("account", True, [0, 0]),
    ErrorKind.CONFLICT: ("account", True, [0, 0]),
    ErrorKind.AUTH: ("system", False, [60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ErrorKind.PERMISSION: ("system", False, [60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ErrorKind.THROTTLED: ("pace", False, [5, 10, 20, 40, 80, 160, 300, 300]),
    ErrorKind.OUTAGE: (
        *("nothing", True, [0.5, 1.5, 4.5, 13.5, 40.5, 121.5, 364.5, 1093.5, 3280.5]),
    ),
    ErrorKind.UNKNOWN: ("nothing", True, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600]),
    ErrorKind.PROTOCOL: (
        *("nothing", True, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ),
    ErrorKind.BUG: ("nothing", True, [600, 1200, 2400, 4800, 7200, 7200]),
}
"""How far an error reaches, whether it counts as an attempt, and the seconds before
each of the first attempts."""


@pytest.mark.parametrize("kind", ErrorKind)
def test_what_follows_from_each_kind(kind: ErrorKind) -> None:
    stops, spends, waits = WAITS[kind]
    assert (POLICIES[kind].stops.value, POLICIES[kind].spends) == (stops, spends)
    assert [
        wait_before_retry(failure(kind), attempt, no_jitter)
        for attempt in range(1, len(waits) + 1)
    ] == waits


def test_a_policy_without_a_schedule_counts_and_does_not_wait() -> None:
    assert RetryPolicy(Stops.ACCOUNT) == RetryPolicy(
        *(Stops.ACCOUNT, 0, 0, 2), spends=True
    )
    assert [stops.value for stops in Stops] == ["nothing", "account", "system", "pace"]


def test_no_failure_at_all_waits_like_the_first() -> None:
    for attempt in (-1, 0, 1):
        assert wait_before_retry(failure(ErrorKind.OUTAGE), attempt, no_jitter) == 0.5
        assert probe_wait(None, attempt, no_jitter) == 15


def test_the_probes_of_a_system_that_does_not_answer() -> None:
    waits = [probe_wait(None, probes, no_jitter) for probes in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_the_patience_with_an_account() -> None:
    assert MAX_ATTEMPTS == 10


def test_a_wait_varies_by_a_fifth_in_both_directions() -> None:
    """One that Panda is asked to keep varies upwards only."""

    def lowest(low: float, high: float) -> float:
        return min(low, high)

    def highest(low: float, high: float) -> float:
        return max(low, high)

    outage = failure(ErrorKind.OUTAGE)
    assert wait_before_retry(outage, 1, lowest) == pytest.approx(0.4)
    assert wait_before_retry(outage, 1, highest) == pytest.approx(0.6)
    assert probe_wait(None, 1, lowest) == pytest.approx(15)
    assert probe_wait(None, 1, highest) == pytest.approx(18)


def test_what_panda_asked_for_is_the_least() -> None:
    outage = failure(ErrorKind.OUTAGE, 100)
    assert wait_before_retry(outage, 1, no_jitter) == 100
    assert wait_before_retry(outage, 7, no_jitter) == 364.5
    assert probe_wait(0.5, 9, no_jitter) == 1
    assert probe_wait(1.5, 9, no_jitter) == 1.5
