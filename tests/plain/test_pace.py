"""The pace: what it uses of a quota against simulated servers, and rule by rule."""

from __future__ import annotations

import json
import math

import pytest

from panda_provisioning.core.pace import (
    DOWN_AFTER,
    DOWN_FAILURES,
    HOLD,
    IDLE_AFTER,
    LOWEST,
    SHARE,
    WALL_LONGEST,
    Event,
    Pace,
)
from panda_provisioning.panda_api.limiter import Result

from .quota_servers import EPOCH, Bucket, Unlimited, Window, simulate

ACCEPTED, REFUSED, FAILED = Result.ACCEPTED, Result.REFUSED, Result.FAILED
SECONDS_EACH = 0.004
"""That a quick request takes."""
LENGTH = 140
"""Seconds of the simulations of a quota."""


# === AGAINST SIMULATED SERVERS === #


@pytest.mark.parametrize("tells", [False, True], ids=["silent", "retry_after"])
@pytest.mark.parametrize("rate", [30, 100, 300])
def test_a_bucket_is_used_and_little_is_refused(rate: float, tells: bool) -> None:
    """The goals of the benchmark, in simulated time."""
    outcome, _pace = simulate(Bucket(rate, burst=rate), LENGTH, tells=tells)
    assert outcome.used >= 0.95
    assert outcome.refused <= 0.02


@pytest.mark.parametrize(
    ("tells", "most_refused"), [(False, 0.08), (True, 0.02)], ids=["silent", "told"]
)
@pytest.mark.parametrize("requests", [300, 1000])
def test_a_window_is_used_and_little_is_refused(
    requests: int, tells: bool, most_refused: float
) -> None:
    """A quota that is counted in windows of ten seconds."""
    outcome, _pace = simulate(Window(requests, seconds=10), LENGTH, tells=tells)
    assert outcome.used >= 0.95
    assert outcome.refused <= most_refused


@pytest.mark.parametrize("tells", [False, True], ids=["silent", "retry_after"])
def test_a_quota_that_halves_and_comes_back_is_used(tells: bool) -> None:
    """And within ten seconds nine tenths of what has come back."""

    def rate(seconds: float) -> float:
        return 20 if 40 <= seconds < 100 else 40

    outcome, _pace = simulate(Bucket(rate, burst=40), LENGTH, tells=tells)
    assert outcome.used >= 0.9
    assert max(outcome.rate(at / 4, at / 4 + 1) for at in range(400, 437)) >= 36


@pytest.mark.parametrize("begins", [0.2, 2, 10])
def test_a_quota_that_begins_during_a_run_is_learnt_at_once(begins: float) -> None:
    """What was accepted before says nothing about it."""

    def rate(seconds: float) -> float:
        return 10_000 if seconds < begins else 60

    outcome, _pace = simulate(Bucket(rate, burst=60), begins + 60)
    assert outcome.rate(begins, begins + 60) >= 0.93 * 60
    assert outcome.results[REFUSED] <= 3 * 60


@pytest.mark.parametrize("tells", [False, True], ids=["silent", "retry_after"])
def test_two_clients_share_a_quota(tells: bool) -> None:
    """Each learns by itself what is left for it."""
    outcome, _pace = simulate(Bucket(60, 60), LENGTH, clients=2, tells=tells)
    assert outcome.used >= 0.95
    assert outcome.refused <= 0.03


@pytest.mark.parametrize(("part", "goal"), [(0.02, 0.8), (0.05, 0.88), (0.2, 0.85)])
def test_refusals_by_chance_do_not_slow_it_down(part: float, goal: float) -> None:
    """A lower rate would not make them fewer."""
    without, _pace = simulate(Unlimited(), 30)
    by_chance = {REFUSED: part}
    outcome, _pace = simulate(Unlimited(), 30, by_chance=by_chance)
    assert outcome.rate(0, 30) >= goal * (1 - part) * without.rate(0, 30)


@pytest.mark.parametrize("part", [0.05, 0.2])
def test_failures_do_not_slow_it_down(part: float) -> None:
    """They say nothing about a quota, as long as something else comes in."""
    without, _pace = simulate(Unlimited(), 10)
    outcome, pace = simulate(Unlimited(), 10, by_chance={FAILED: part})
    assert outcome.rate(0, 10) >= 0.95 * (1 - part) * without.rate(0, 10)
    assert not pace.is_down(EPOCH + 10)


def test_it_keeps_to_the_rate_that_people_have_set() -> None:
    """Whatever the server would accept."""
    outcome, pace = simulate(Unlimited(), 20, most=10)
    assert outcome.rate(0, 20) == pytest.approx(10, rel=0.03)
    assert pace.learnt is None


def test_a_quota_among_refusals_by_chance_is_found() -> None:
    """What is put up with does not hide a quota."""
    outcome, _pace = simulate(Bucket(40, 40), LENGTH, by_chance={REFUSED: 0.05})
    assert outcome.used >= 0.85
    assert outcome.refused <= 0.2


# === RULE BY RULE === #


class Story:
    """A pace and its clock; requests take a twentieth of a second."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.now = EPOCH

    def tell(
        self, result: Result, count: int = 1, retry_after: float | None = None
    ) -> None:
        """Let ``count`` requests leave now, one after the other, with that result."""
        for _number in range(count):
            self.pace.take(1, self.now)
            sent_at = self.now + 0.001
            self.now += 0.05
            event = Event(result, sent_at, self.now, retry_after=retry_after)
            self.pace.note([event])

    def tell_mixed(self, share: float, seconds: float) -> None:
        """Let requests leave as fast as the pace lets them, each of them quick, and
        ``share`` of them be refused."""
        until, refused = self.now + seconds, 0.0
        while self.now < until:
            refused += share
            turn = self.pace.take(1, self.now).begin
            self.now = max(self.now + SECONDS_EACH, turn)
            result = REFUSED if refused >= 1 else ACCEPTED
            refused -= result is REFUSED
            self.pace.note([Event(result, self.now - SECONDS_EACH / 2, self.now)])

    def learn(self, seconds: float = 10) -> float:
        """Find a quota in that time, and return the rate after that."""
        self.tell(ACCEPTED, round(20 * seconds))
        self.tell(REFUSED, 1, retry_after=1)
        self.now += 1
        self.tell(ACCEPTED)
        assert self.pace.learnt
        return self.pace.learnt


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_refusals_that_stay_as_many_at_a_lower_rate_are_chance(
    story: Story, share: float
) -> None:
    """Two trials tell so, and then it is as fast as before."""
    story.tell_mixed(share, seconds=2)
    before = 1 / SECONDS_EACH
    assert story.pace.trials == 1
    assert story.pace.rate(story.now) < 0.75 * before
    story.tell_mixed(share, seconds=30)
    assert story.pace.tolerated > share
    assert story.pace.rate(story.now) > before


def test_refusals_that_end_at_a_lower_rate_come_from_a_quota(story: Story) -> None:
    """Then what was accepted is the rate, at once."""
    story.tell_mixed(0.1, seconds=2)
    assert story.pace.trials == 1
    story.tell_mixed(0, seconds=4)
    assert story.pace.tried_share is None
    assert story.pace.tolerated == 0
    assert story.pace.learnt == pytest.approx(0.9 / SECONDS_EACH, rel=0.15)


def test_a_trial_ends_with_the_time_in_which_it_began(story: Story) -> None:
    """After a break nobody knows what came of it."""
    story.tell_mixed(0.1, seconds=2)
    assert story.pace.tried_share is not None
    story.now += 60 + IDLE_AFTER
    story.tell(ACCEPTED)
    assert story.pace.tried_share is None
    assert story.pace.rate(story.now) == math.inf


def test_a_trial_goes_on_in_the_next_process(story: Story) -> None:
    story.tell_mixed(0.1, seconds=2)
    values = json.loads(json.dumps(story.pace.as_dict()))
    story.pace = Pace.from_dict(values)
    story.tell_mixed(0.1, seconds=8)
    assert story.pace.tolerated > 0.1
    assert story.pace.rate(story.now) == math.inf


def test_whoever_waits_at_a_wall_keeps_the_count_of_its_failures(story: Story) -> None:
    """Or a system that has not worked for long would never count as down."""
    story.tell(ACCEPTED)
    story.tell(FAILED)
    for _failure in range(DOWN_FAILURES):
        for _look in range(8):
            story.now += IDLE_AFTER / 2
            story.pace.keep_waiting(story.now)
        story.tell(FAILED)
    assert story.pace.is_down(story.now)


def test_nothing_limits_it_at_first(story: Story) -> None:
    """All turns are there at once."""
    assert story.pace.rate(story.now) == math.inf
    turns = story.pace.take(1000, story.now)
    assert (turns.interval, turns.count) == (0, 1000)
    assert turns.begin <= story.now


def test_a_pause_is_kept_by_all(story: Story) -> None:
    """The longest one counts, and a person's turn comes after it, too."""
    story.tell(ACCEPTED, 5)
    story.tell(REFUSED, retry_after=30)
    until = story.now + 30
    story.tell(REFUSED, retry_after=1)
    for urgent in (False, True):
        assert story.pace.take(1, story.now, urgent=urgent).begin >= until


def test_after_a_pause_no_more_leaves_than_was_accepted(story: Story) -> None:
    """The time of the pause counts: only with it one knows how long the quota lasts."""
    story.tell(ACCEPTED, 20)  # in one second
    story.tell(REFUSED, retry_after=9)
    assert story.pace.learnt == pytest.approx(SHARE * 20 / 10, rel=0.1)


def test_no_rate_falls_below_the_lowest(story: Story) -> None:
    """Something always leaves: else nobody would notice that it may."""
    story.learn()
    for _number in range(50):
        story.tell(ACCEPTED)
        story.tell(REFUSED, 3)
        story.now += 1
    assert story.pace.learnt is not None
    assert story.pace.learnt >= LOWEST


def test_it_grows_slowly_and_then_faster(story: Story) -> None:
    """While it is used."""
    story.learn()
    rates = []
    for _second in range(16):
        rate = story.pace.rate(story.now)
        rates.append(rate)
        story.pace.take(round(rate), story.now)
        story.now += 1
    assert rates[int(HOLD)] == pytest.approx(rates[0], rel=0.01)
    assert rates[5] == pytest.approx(rates[0], rel=0.15)
    assert rates[10] > 1.8 * rates[0]
    assert rates[15] > 1.3 * rates[12]


def test_a_guess_is_soon_tested(story: Story) -> None:
    """What was learnt in a short time grows sooner, the next time less."""
    doubled_after = []
    for _fall in range(5):
        learnt = story.learn(seconds=1)
        begun = story.now
        while story.pace.rate(story.now) < 2 * learnt:
            story.tell(ACCEPTED)
        doubled_after.append(story.now - begun)
    assert doubled_after[0] < 3
    assert doubled_after == sorted(doubled_after)
    assert doubled_after[-1] > 2 * doubled_after[0]


def test_a_quota_that_has_grown_is_found(story: Story) -> None:
    """What was accepted before does not hold it down."""
    story.learn(seconds=30)
    before = story.pace.learnt
    story.now += 1
    for _number in range(480):
        story.tell(ACCEPTED)
        story.now -= 0.025
    story.tell(REFUSED, retry_after=1)
    assert before
    assert story.pace.learnt
    assert story.pace.learnt > 1.7 * before


def test_what_was_learnt_survives_a_break_and_fades(story: Story) -> None:
    """The next run does not begin from nothing, after a long time it does."""
    learnt = story.learn()
    rates = {}
    for minutes in (1, 30, 600):
        pace = Pace.from_dict(json.loads(json.dumps(story.pace.as_dict())))
        now = story.now + 60 * minutes
        pace.take(1, now)
        rates[minutes] = pace.rate(now)
    assert rates[1] == pytest.approx(learnt, rel=0.01)
    assert 4 * learnt < rates[30] < 64 * learnt
    assert rates[600] > 1e6


def test_a_break_is_not_measured(story: Story) -> None:
    """Nobody wanted anything then, so nothing was accepted."""
    story.tell(ACCEPTED, 20)
    story.now += IDLE_AFTER + 8
    story.tell(ACCEPTED, 40)  # in two seconds
    story.tell(REFUSED, retry_after=0.5)
    assert story.pace.learnt == pytest.approx(SHARE * 40 / 2.5, rel=0.1)


def test_before_a_wall_less_and_less_leaves(story: Story) -> None:
    """And at once the old rate when it is gone; what failed says nothing about it."""
    story.tell(FAILED)
    moments = [story.now + seconds for seconds in (0.1, 1, 10, 100, 10_000)]
    rates = [story.pace.rate(moment) for moment in moments]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(10, rel=0.5)
    assert rates[-1] == pytest.approx(1 / WALL_LONGEST)
    story.pace.take(1, story.now)
    story.tell(ACCEPTED)
    assert story.pace.rate(story.now) == math.inf
    assert story.pace.take(1, story.now).begin <= story.now


def test_what_left_before_is_no_wall(story: Story) -> None:
    """A refusal or failure of which others are the news already."""
    story.tell(ACCEPTED)
    sent_at = story.now
    story.now += 0.05
    story.pace.note([Event(FAILED, sent_at, story.now) for _number in range(32)])
    assert story.pace.wall_since is None


def test_the_end_of_a_long_wall_says_what_the_quota_is(story: Story) -> None:
    """All that was accepted, by the time until something is accepted again."""
    story.tell(ACCEPTED, 40)  # in two seconds
    for _number in range(9):
        story.tell(REFUSED)
        story.now += 0.95
    story.tell(ACCEPTED)
    assert story.pace.learnt == pytest.approx(SHARE * 41 / 11, rel=0.1)


@pytest.mark.parametrize(
    ("failures", "seconds", "is_down"),
    [
        (DOWN_FAILURES, DOWN_AFTER, True),
        (DOWN_FAILURES - 1, DOWN_AFTER, False),
        (DOWN_FAILURES, DOWN_AFTER - 1, False),
    ],
)
def test_a_system_is_down_after_some_time_of_failures(
    story: Story, failures: int, seconds: float, is_down: bool
) -> None:
    """Not for a hiccup, and not because of one request."""
    story.tell(ACCEPTED)
    begun = story.now
    story.tell(FAILED)  # says nothing yet: something was accepted before
    story.tell(FAILED, failures)
    assert story.pace.is_down(begun + 0.06 + seconds) is is_down


def test_a_system_is_down_if_half_of_its_requests_fail(story: Story) -> None:
    """A rate over a window, not a number in a row."""
    for _number in range(30):
        story.tell(FAILED)
        story.tell(ACCEPTED)
    assert story.pace.is_down(story.now)
    story.tell(ACCEPTED, 10)
    assert not story.pace.is_down(story.now)


def test_refusals_do_not_make_a_system_count_as_down(story: Story) -> None:
    """It works, and says so."""
    story.tell(ACCEPTED)
    story.tell(REFUSED, 200)
    assert not story.pace.is_down(story.now)


def test_a_person_goes_first(story: Story) -> None:
    """Whoever else waits gets their turns later by as much."""
    story.learn()
    story.pace.take(100, story.now)
    later = story.pace.turn_at
    interval = 1 / story.pace.rate(story.now)
    turns = story.pace.take(2, story.now, urgent=True)
    assert turns.begin <= story.now
    assert story.pace.turn_at == pytest.approx(later + 2 * interval)
    again = story.pace.take(1, story.now, urgent=True)
    assert again.begin == pytest.approx(turns.begin + 2 * interval)


def test_turns_that_were_not_used_are_given_back(story: Story) -> None:
    """Somebody else has them."""
    story.learn()
    turns = story.pace.take(10, story.now)
    story.pace.give_back(turns)
    assert story.pace.take(1, story.now).begin == pytest.approx(turns.begin)


def test_turns_that_nobody_wanted_are_gone(story: Story) -> None:
    """But for a moment: nobody saves up a burst."""
    story.learn()
    story.pace.take(1, story.now)
    story.now += 60
    turns = story.pace.take(1, story.now)
    assert story.now - 0.2 < turns.begin <= story.now


def test_it_tells_what_was_refused_lately(story: Story) -> None:
    """In the last minute, for people."""
    story.tell(ACCEPTED)
    story.tell(REFUSED, 3)
    assert story.pace.refused_lately(story.now) == 3
    assert story.pace.refused_lately(story.now + 180) == 0


def test_all_of_it_survives_as_json(story: Story) -> None:
    """The next process goes on with the same."""
    story.learn()
    story.tell(FAILED, 3)
    values = json.loads(json.dumps(story.pace.as_dict()))
    assert Pace.from_dict(values).as_dict() == story.pace.as_dict()
    assert Pace.from_dict({**values, "of a newer version": 1}).learnt
