"""How often and how fast: policy, limiter and the token that threads share."""

from __future__ import annotations

import random
import threading
import time

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
from panda_provisioning.panda_api import limiter as limiter_module
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.limiter import RateLimiter
from panda_provisioning.panda_api.token import TokenCache

from .support import at_once

CLOCKED = [kind for kind in ErrorKind if POLICIES[kind].first]


def failure(kind: ErrorKind, retry_after: float | None = None) -> PandaError:
    return PandaError(kind, "code", retry_after=retry_after)


# === POLICY === #


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


# === LIMITER === #


class Clock:
    """Stands in for the module ``time``: sleeping is what makes time pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limiter_module, "time", clock)
    return clock


def test_requests_are_spread_evenly_over_many_threads(clock: Clock) -> None:
    """Ten a second is one each tenth, in whatever order the threads come."""
    limiter = RateLimiter(10)
    at_once(8, limiter.wait)
    expected = [index / 10 for index in range(8)]
    assert sorted(clock.slept) == pytest.approx(expected)


def test_a_pause_is_not_made_up_for_by_a_burst(clock: Clock) -> None:
    """Slots that nobody used are gone."""
    limiter = RateLimiter(10)
    limiter.wait()
    clock.now += 60
    limiter.wait()
    limiter.wait()
    assert clock.slept == pytest.approx([0, 0, 0.1])


@pytest.mark.parametrize("per_second", [0, -1])
def test_no_limit_means_no_wait(clock: Clock, per_second: float) -> None:
    """Not even a sleep of nothing."""
    RateLimiter(per_second).wait()
    assert clock.slept == []


# === TOKEN === #


def test_threads_that_wait_get_the_one_token_that_was_fetched() -> None:
    """One fetch, however many threads."""
    fetches: list[int] = []

    def fetch() -> tuple[str, float]:
        fetches.append(1)
        return f"token-{len(fetches)}", 3600

    assert set(at_once(16, TokenCache(fetch).get)) == {"token-1"}
    assert len(fetches) == 1


def test_threads_that_wait_for_a_fetch_that_fails_fail_with_it() -> None:
    """Those that are there when it fails; who comes later tries anew."""
    fetches: list[int] = []
    all_wait = threading.Event()

    def fetch() -> tuple[str, float]:
        fetches.append(1)
        all_wait.wait(5)
        raise PandaError(ErrorKind.AUTH, "invalid_credentials", "No.")

    cache = TokenCache(fetch)
    timer = threading.Timer(0.2, all_wait.set)
    timer.start()
    answers = at_once(8, cache.get)
    timer.join()
    assert {str(answer) for answer in answers} == {"invalid_credentials: No."}
    assert len(fetches) == 1
    with pytest.raises(PandaError):
        cache.get()
    assert len(fetches) == 2


def test_a_token_is_only_discarded_by_who_had_it() -> None:
    """Whoever is late with a complaint does not take the new one away."""
    tokens = iter(["old", "new", "newer"])
    cache = TokenCache(lambda: (next(tokens), 3600))
    assert cache.get() == "old"
    cache.discard("old")
    assert cache.get() == "new"
    cache.discard("old")
    assert cache.get() == "new"


@pytest.mark.parametrize(
    ("life", "renewed_after"), [(100, 90), (3600, 3300), (86_400, 86_100), (10, 9)]
)
def test_a_token_is_renewed_with_a_tenth_of_its_life_left(
    monkeypatch: pytest.MonkeyPatch, life: float, renewed_after: float
) -> None:
    """Or with five minutes, if that is less."""
    moment = [time.monotonic()]
    monkeypatch.setattr(
        "panda_provisioning.panda_api.token.time.monotonic", lambda: moment[0]
    )
    fetches: list[int] = []
    cache = TokenCache(lambda: (str(fetches.append(1)), life))
    cache.get()
    moment[0] += renewed_after - 0.01
    cache.get()
    assert len(fetches) == 1
    moment[0] += 0.02
    cache.get()
    assert len(fetches) == 2


def test_a_token_that_lives_for_no_time_at_all_is_fetched_each_time() -> None:
    """Strange, but no reason to loop or to fail."""
    fetches: list[int] = []
    cache = TokenCache(lambda: (f"token-{fetches.append(1)}", 0))
    cache.get()
    cache.get()
    assert len(fetches) == 2
