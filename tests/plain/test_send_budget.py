"""The budget of one process where a database would be in the way: clocks and walls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from panda_provisioning.core.pace import Pace
from panda_provisioning.engine.send_budget import SendBudget
from panda_provisioning.panda_api.errors import PandaError
from panda_provisioning.panda_api.limiter import Result

Change = Callable[[dict[str, Any], float], dict[str, Any]]


class Memory:
    """What all share, with a clock that may be wrong and a database that may be slow;
    times are in seconds."""

    def __init__(self, ahead: float = 0, takes: float = 0) -> None:
        self.values: dict[str, Any] = {}
        self.ahead = ahead
        self.updates = 0
        self._takes = takes
        self._lock = threading.Lock()

    @property
    def now(self) -> float:
        return time.time() + self.ahead

    def update(self, change: Change) -> float:
        time.sleep(self._takes)
        with self._lock:
            self.updates += 1
            self.values = change(self.values, self.now)
            return self.now

    def learn(self, **attributes: Any) -> None:
        """Set attributes of the pace; those that end in ``_ago`` are moments."""
        pace = Pace()
        pace.looked_at = pace.wanted_at = pace.active_since = self.now
        for name, value in attributes.items():
            if name.endswith("_ago"):
                setattr(pace, name.removesuffix("_ago"), self.now - value)
            else:
                setattr(pace, name, value)
        self.values = {"pace": pace.as_dict()}


def seconds_for(budget: SendBudget, turns: int = 1, longest: float = 10) -> float:
    """How long it takes to get so many turns, one after the other."""
    begun = time.monotonic()
    for _number in range(turns):
        budget.wait(begun + longest)
        budget.note(Result.ACCEPTED, time.monotonic())
    return time.monotonic() - begun


@pytest.mark.parametrize("age", [4, 100, 10_000])
@pytest.mark.parametrize("urgent", [False, True])
def test_whoever_comes_to_an_old_wall_may_try_at_once(age: float, urgent: bool) -> None:
    """Nobody has tried for long."""
    store = Memory()
    store.learn(wall_since_ago=age, looked_at_ago=age, wanted_at_ago=age)
    assert seconds_for(SendBudget(store, urgent=urgent)) < 0.2


def test_a_person_waits_seconds_at_a_wall_that_has_just_been_tried() -> None:
    """They have corrected something and try again."""
    store = Memory()
    store.learn(wall_since_ago=1000)
    for _press in range(2):
        budget = SendBudget(store, urgent=True)
        assert seconds_for_failure(budget) < 3


def seconds_for_failure(budget: SendBudget) -> float:
    begun = time.monotonic()
    budget.wait(begun + 10)
    budget.note(Result.FAILED, time.monotonic())
    budget.close()
    return time.monotonic() - begun


def test_on_an_idle_system_nobody_waits_for_the_first_turn() -> None:
    store = Memory()
    for _number in range(3):
        assert seconds_for(SendBudget(store, most=2)) < 0.6


@pytest.mark.parametrize("hours", [0, 1, 5, 72])
def test_a_rate_that_has_faded_keeps_nobody_waiting(hours: float) -> None:
    """Nor costs it an exchange for each turn; with a daily limit, too."""
    store = Memory(takes=0.01)
    ago = 3600 * hours
    store.learn(learnt=60, looked_at_ago=ago, wanted_at_ago=ago)
    budget = SendBudget(store, per_day=10_000)
    assert seconds_for(budget, turns=60) < 3
    assert store.updates < 20


def test_only_a_daily_limit_costs_few_exchanges() -> None:
    store = Memory()
    seconds_for(SendBudget(store, per_day=10_000), turns=300)
    assert store.updates < 15


def test_a_slow_database_slows_nobody_down_for_ever() -> None:
    """A slice may be over before it is there."""
    store = Memory(takes=0.03)
    assert seconds_for(SendBudget(store, most=200), turns=50) < 3


class Silent(Memory):
    """A database that does not answer."""

    def update(self, _change: Change) -> None:  # type: ignore[override]
        self.updates += 1


def test_the_rate_is_kept_while_the_database_does_not_answer() -> None:
    """Each slice begins behind the last one."""
    assert seconds_for(SendBudget(Silent(), most=40), turns=121) > 2.8


@pytest.mark.parametrize("ahead", [20, -20])
def test_the_database_may_have_another_clock(ahead: float) -> None:
    """The first request of a transport does not know it yet."""
    store = Memory(ahead)
    assert seconds_for(SendBudget(store, most=100), turns=3, longest=5) < 1


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    """Neither who sleeps already nor who comes later."""
    store = Memory()
    budget = SendBudget(store, most=1)
    seconds_for(budget)
    begun = time.monotonic()
    waiting = threading.Thread(target=seconds_for, args=[budget, 2])
    waiting.start()
    store.ahead = -3600
    waiting.join(timeout=8)
    assert not waiting.is_alive()
    assert time.monotonic() - begun < 6
    assert seconds_for(SendBudget(store, most=1)) < 2


def test_a_pause_is_noticed_by_who_has_turns_already() -> None:
    """However far ahead they lie."""
    store = Memory()
    first, second = SendBudget(store, most=0.5), SendBudget(store, most=0.5)
    seconds_for(first)
    begun = time.monotonic()
    second_turn: list[float] = []

    def wait() -> None:
        second_turn.append(seconds_for(second))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    with first._changed:
        first._pending += 1
    first.note(Result.REFUSED, begun, retry_after=4)
    first.close()
    waiting.join()
    assert second_turn[0] >= 3.5


def test_while_a_person_is_served_the_rate_is_kept() -> None:
    """A run waits for them, and goes on afterwards."""
    store = Memory()
    sent = {True: 0, False: 0}
    begun = time.monotonic()

    def send(urgent: bool, seconds: float) -> None:
        budget = SendBudget(store, most=40, urgent=urgent)
        while time.monotonic() < begun + seconds:
            sent[urgent] += 1
            seconds_for(budget)
        budget.close()

    run = threading.Thread(target=send, args=[False, 7])
    run.start()
    send(urgent=True, seconds=5)
    beside = sent[False]
    run.join()
    assert beside < 40
    assert sent[True] > 0.7 * 5 * 40
    assert sent[False] > beside + 20
    assert sum(sent.values()) < 1.05 * 7 * 40


def test_refusals_alone_never_break_the_pace() -> None:
    """Whatever order their news comes in."""
    store = Memory()
    store.learn(learnt=5, fell_at_ago=2, judged_at_ago=1.5, accepted_at_ago=1)
    budget = SendBudget(store)
    for _number in range(4):
        try:
            budget.wait(time.monotonic() + 2)
        except PandaError:
            break
        budget.note(Result.REFUSED, time.monotonic())
    budget.close()
    assert store.values["pace"]["refused_since"] >= 0
