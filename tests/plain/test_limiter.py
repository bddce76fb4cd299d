"""Requests are spread evenly over time."""

from __future__ import annotations

import threading

import pytest

from panda_provisioning.panda_api import limiter as limiter_module
from panda_provisioning.panda_api.limiter import RateLimiter

from .support import at_once


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


def test_a_slot_that_comes_too_late_is_left_to_others(clock: Clock) -> None:
    """Whoever cannot wait that long is told so when its time is over."""
    limiter = RateLimiter(0.1)
    assert limiter.wait(clock.now + 1)
    assert not limiter.wait(clock.now + 3)
    assert limiter.wait(clock.now + 11)
    assert clock.slept == pytest.approx([0, 3, 10])


def test_a_moment_that_has_passed_is_no_reason_to_sleep(clock: Clock) -> None:
    limiter = RateLimiter(10)
    assert not limiter.wait(clock.now - 1)
    assert clock.slept == [0]


@pytest.mark.parametrize("per_second", [0, -1])
def test_no_limit_means_no_wait(clock: Clock, per_second: float) -> None:
    """Not even a sleep of nothing."""
    assert RateLimiter(per_second).wait()
    assert clock.slept == []
