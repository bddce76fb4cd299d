"""How fast requests leave for one system: a pace that learns what Panda accepts.

Panda publishes no limit (docs/watchguard-api.md#rate-limits) and shares its quota with
other clients. So the rate is unlimited until a request is refused, falls to what was
accepted, and then grows again, slowly at first.

Pure: the clock is an argument, in seconds since the epoch. The state is a JSON object,
so that processes can share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..panda_api.limiter import Result
from .history import History

MEASURED = 30.0
"""Seconds over which accepted requests are counted. A multiple of the usual lengths of
a quota's window, so that a measurement covers whole windows."""
RECENTLY = 2.0
"""Seconds that show a quota that has just become smaller."""
FIRST = 0.5
"""Part of what was accepted that is sent after the first fall: most of it was what a
quota had saved up."""
SHORTEST = 0.25
"""Seconds that a measurement covers at least."""
SHARE = 0.98
"""Part of what was accepted that is sent from then on."""
LOWEST, FASTEST = 0.5, 1000.0
"""Requests per second; no rate falls below, and one above limits nothing."""
HOLD = 2.0
"""Seconds at full pace before a rate begins to grow."""
DOUBLING, MOST_DOUBLINGS = 7.0, 50.0
"""Seconds in which it doubles then, at first with their third power, and how often."""
SURE_AFTER, MOST_HASTE = 7.0, 4.0
"""Seconds that it takes to learn a rate well, and how much faster a rate grows that
was learnt in no time: what is a guess is soon tested."""
IDLE = 60
"""How much slower a rate grows while it is not used: what was learnt fades."""
PACING = 1.0
"""Seconds between two falls, unless many requests are refused."""
ENOUGH, SEVERAL = 20, 3
"""Results, and refusals among them, that tell something about a share."""
PATIENCE = 5.0
"""Seconds after which a single refusal is enough for a fall."""
MOST_NOISE, SPREADS = 0.3, 2.0
"""Share of refusals that may come by chance, whatever the rate, and how many standard
deviations more of them are no chance any more."""
GROWN = 1.2
"""How much more than before is accepted of a quota that has grown."""
TRIAL = 0.7
"""Part of what was accepted that is sent on trial: refusals by chance are as many as
before, those of a quota end."""
TRIALS = 2
"""Trials in a row, each with less, before refusals count as chance: the rate of the
first may still have been too high."""
SOON = 3.0
"""Seconds after a fall in which no rate has grown much: refusals then may be chance."""
EXPECTED = 5
"""Refusals by chance to be expected of a trial before it is judged."""
LONGEST_TRIAL = 10.0
"""Seconds after which it is judged in any case."""
TOLERANCE, LONGEST_TOLERANCE = 10.0, 160.0
"""Seconds for which refusals by chance are put up with; twice as long each time that
another trial has shown the same."""
HESITATION = 0.1
"""Seconds without a request after a refusal of which nothing is known yet: what is
under way tells more."""
WALL_SHORTEST, WALL_LONGEST = 0.1, 60.0
"""Seconds between two requests while every one of them is refused or fails."""
WALL_URGENT = 2.0
"""The longest time between two for a person who waits."""
WALL_PROBES = 4
"""A wall that has stood for a time is probed again after a quarter of it: its end is
noticed soon, and a long one costs few requests."""
LONG_WALL = 1.0
"""Seconds after which the end of a wall says what the quota is."""
CATCH_UP = 0.1
"""Seconds of turns that are made up for when nobody took them in time."""
IDLE_AFTER = 2.0
"""Seconds without anybody who wants a turn; measuring begins anew then."""
DOWN_AFTER, DOWN_FAILURES = 5.0, 5
"""Seconds and failures without anything else after which a system counts as down."""
DOWN_WINDOW, DOWN_SHARE = 10.0, 0.5
"""Seconds, and the part of their requests that must have failed for the same."""
CLOCK_SLACK = 1.0
"""Seconds by which clocks that agree may differ."""
MOMENTS = (
    *("looked_at", "active_since", "wanted_at", "judged_at", "accepted_at", "fell_at"),
    *("tolerated_until", "paused_until", "turn_at", "urgent_turn_at"),
)
"""Attributes of :class:`Pace` that are moments."""


@dataclass
class Event:
    """``count`` requests with the same result.

    ``sent_at`` is when the last of them left, ``at`` when its answer came;
    ``retry_after`` the seconds of a pause that Panda has asked for.
    """

    result: Result
    sent_at: float
    at: float
    count: int = 1
    retry_after: float | None = None


@dataclass(frozen=True)
class Turns:
    """Moments at which requests may leave: ``count`` of them from ``begin`` on, one
    every ``interval`` seconds."""

    begin: float
    interval: float
    count: int


def _recent() -> dict[str, History]:
    return {each.value: History(0.25, MEASURED) for each in Result}


def _minutes() -> dict[str, History]:
    return {each.value: History(60, 3600) for each in Result}


@dataclass
class Pace:
    """The pace of one system.

    ``learnt`` is the rate after the last fall, in requests per second, ``None`` while
    nothing is known, ``learnt_in`` the seconds in which it was learnt; ``used_for`` the
    seconds at full pace since then. ``judged_at`` is when a refusal or failure was last
    taken for news: what left before that says nothing new. ``wall_since`` is set while
    nothing is accepted. ``tried_share`` is set during a trial, the number ``trials`` in
    a row: the share of refusals before the first, at ``tried_rate`` requests per
    second; ``was_free`` says that nothing was learnt then.
    """

    learnt: float | None = None
    learnt_in: float = 0
    used_for: float = 0
    looked_at: float = 0
    taken: int = 0
    active_since: float = 0
    wanted_at: float = 0
    judged_at: float = 0
    accepted_at: float = 0
    fell_at: float = 0
    accepted_since: int = 0
    refused_since: int = 0
    tried_share: float | None = None
    tried_rate: float = 0
    trials: int = 0
    was_free: bool = False
    tolerated: float = 0
    tolerated_until: float = 0
    tolerance: float = TOLERANCE
    wall_since: float | None = None
    wall_refused: bool = False
    wall_failures: int = 0
    paused_until: float = 0
    turn_at: float = 0
    urgent_turn_at: float = 0
    recent: dict[str, History] = field(default_factory=_recent)
    minutes: dict[str, History] = field(default_factory=_minutes)

    # === STATE === #

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Pace:
        """The pace of :meth:`as_dict`; a new one of an empty mapping."""
        pace = cls()
        for name, value in values.items():
            if name in ("recent", "minutes"):
                for result, history in getattr(pace, name).items():
                    history.load(value.get(result, {}))
            elif name in cls.__dataclass_fields__:
                setattr(pace, name, value)
        return pace

    def as_dict(self) -> dict[str, Any]:
        """All of it as a JSON object."""
        histories = {
            name: {result: h.as_dict() for result, h in getattr(self, name).items()}
            for name in ("recent", "minutes")
        }
        return {**vars(self), **histories}

    def follow_clock(self, now: float) -> None:
        """Forget what lies in the future: the clock was set back."""
        if self.looked_at <= now + CLOCK_SLACK:
            return
        for name in MOMENTS:
            setattr(self, name, min(getattr(self, name), now))
        self.wall_since = None
        for histories in (self.recent, self.minutes):
            for history in histories.values():
                history.forget_after(now)

    # === RATE === #

    def rate(self, now: float, most: float = 0, *, urgent: bool = False) -> float:
        """Requests per second, infinite while nothing limits them.

        :param most: the rate that people have set, 0 for none.
        :param urgent: whether a person waits, who may always try.
        """
        rate = min(self._own_rate(), most or math.inf)
        if self.wall_since is None:
            return rate
        age = now - self.wall_since
        longest = WALL_URGENT if urgent else WALL_LONGEST
        interval = min(max(WALL_SHORTEST, age / WALL_PROBES), longest)
        return min(rate / 2, 1 / interval)

    def refused_lately(self, now: float) -> int:
        """Requests that were refused in the last minute."""
        return round(self.minutes[Result.REFUSED.value].total(60, now))

    def is_down(self, now: float) -> bool:
        """Whether the system does not work, as far as its answers tell."""
        if self.wall_since is not None:
            is_long = now - self.wall_since >= DOWN_AFTER
            return is_long and self.wall_failures >= DOWN_FAILURES
        totals = {name: h.total(DOWN_WINDOW, now) for name, h in self.recent.items()}
        failed = totals[Result.FAILED.value]
        return failed >= ENOUGH and failed >= DOWN_SHARE * sum(totals.values())

    def _own_rate(self) -> float:
        if self.learnt is None:
            return math.inf
        haste = SURE_AFTER / max(self.learnt_in, SURE_AFTER / MOST_HASTE)
        used_for = self.used_for * haste
        doublings = min(max(0.0, used_for - HOLD) / DOUBLING, MOST_DOUBLINGS)
        if doublings < 1:
            return self.learnt * (1 + doublings**3)
        grown: float = self.learnt * 2.0**doublings
        return grown if grown <= FASTEST else math.inf

    # === TURNS === #

    def take(
        self, count: int, now: float, most: float = 0, *, urgent: bool = False
    ) -> Turns:
        """Take the next ``count`` turns.

        :param urgent: for a person who waits. They come first; whoever else wants a
            turn gets it later by as much.
        """
        self._use(now)
        if not self._is_wanted(now):
            self.active_since = now
            self.wall_failures = 0
            self._end_trial()
            self._count_anew(now)
        self.wanted_at = now
        self.taken += count
        rate = self.rate(now, most, urgent=urgent)
        interval = 0.0 if rate == math.inf else 1 / rate
        if urgent:
            begin = max(now, self.paused_until, self.urgent_turn_at)
            self.urgent_turn_at = begin + count * interval
            self.turn_at = max(now, self.turn_at) + count * interval
        else:
            begin = max(now - CATCH_UP, self.paused_until, self.turn_at)
            self.turn_at = begin + count * interval
        return Turns(begin, interval, count)

    def keep_waiting(self, now: float) -> None:
        """Note that somebody still waits for a turn: the system is not idle."""
        if self._is_wanted(now):
            self.wanted_at = now

    def _is_wanted(self, now: float) -> bool:
        return now - max(self.wanted_at, self.paused_until) <= IDLE_AFTER

    def give_back(self, turns: Turns, *, urgent: bool = False) -> None:
        """Give back turns that were not used."""
        seconds = turns.count * turns.interval
        self.taken = max(0, self.taken - turns.count)
        self.turn_at -= seconds
        if urgent:
            self.urgent_turn_at -= seconds

    def _use(self, now: float) -> None:
        """Let the rate grow for the time that it was used since the last look."""
        passed = max(0.0, now - self.looked_at)
        self.looked_at = max(now, self.looked_at)
        if self.learnt is not None and self.wall_since is None:
            used = self.taken / self._own_rate()
            self.used_for += min(passed, max(used, passed / IDLE))
        self.taken = 0

    # === RESULTS === #

    def note(self, events: Iterable[Event]) -> None:
        """Learn from what came of requests."""
        for event in events:
            self.recent[event.result.value].add(event.at, event.count)
            self.minutes[event.result.value].add(event.at, event.count)
            getattr(self, f"_note_{event.result.value}")(event)

    def _note_accepted(self, event: Event) -> None:
        self.accepted_at = max(self.accepted_at, event.at)
        if event.sent_at > self.fell_at:
            self.accepted_since += event.count
        if self.wall_since is not None and event.sent_at > self.wall_since:
            is_whole = self.active_since <= self.wall_since
            age = event.at - self.wall_since
            self.wall_since = None
            # The next turn was far away.
            self.turn_at = min(self.turn_at, event.at)
            self.urgent_turn_at = min(self.urgent_turn_at, event.at)
            if self.wall_refused and is_whole and age >= LONG_WALL:
                measured = self._measure(MEASURED, event.at, LONG_WALL)
                self._fall(SHARE * measured, event.at)
        elif self.tried_share is not None:
            self._judge_trial(event.at)

    def _note_refused(self, event: Event) -> None:
        if event.sent_at > self.fell_at:
            self.refused_since += event.count
        is_news = event.sent_at > self.judged_at
        if event.retry_after:
            self._pause(event, event.retry_after, is_news=is_news)
        elif self.wall_since is None and self._is_refused_often():
            self.tolerance = TOLERANCE
            self._fall(SHARE * self._share_of_rate(event), event.at)
        elif is_news and self.accepted_at > self.judged_at:
            if self.learnt is None and event.at > self.judged_at + PACING:
                self.paused_until = max(self.paused_until, event.at + HESITATION)
            self._judge_refusals(event.at)
        elif is_news:
            self._stand_before_wall(event.at)
            self.wall_refused = True
        if is_news:
            self.judged_at = event.at

    def _pause(self, event: Event, seconds: float, *, is_news: bool) -> None:
        """Send nothing for as long as Panda asks for, and then no more than it has
        accepted; at first only this pause tells for how long that has to do."""
        self.paused_until = max(self.paused_until, event.at + seconds)
        if is_news:
            rate = SHARE * self._measure_long(event.at)
            if self.learnt is None:
                worked = max(SHORTEST, event.at - self.active_since)
                rate *= worked / (worked + seconds)
            self._fall(rate, event.at)

    def _note_failed(self, event: Event) -> None:
        """A failure says nothing about the rate, unless there is nothing else."""
        if event.sent_at > self.judged_at:
            if self.accepted_at <= self.judged_at:
                self._stand_before_wall(event.sent_at)
            self.judged_at = event.at
        if self.wall_since is not None:
            self.wall_failures += event.count

    def _stand_before_wall(self, since: float) -> None:
        if self.wall_since is None:
            self.wall_since, self.wall_refused, self.wall_failures = since, False, 0

    @property
    def _total_since(self) -> int:
        """Results since the last fall, of what left after it."""
        return self.accepted_since + self.refused_since

    def _is_refused_often(self) -> bool:
        """Whether more requests were refused since the last fall than chance explains,
        give or take what a small number of them varies by."""
        total = self._total_since
        spread = math.sqrt(total * MOST_NOISE * (1 - MOST_NOISE))
        most = MOST_NOISE * total + SPREADS * spread
        return total >= ENOUGH and self.refused_since > most

    def _share_of_rate(self, event: Event) -> float:
        """Requests per second that are accepted while many are refused. At first a
        quota that was saved up is used in no time, so that it says little.

        Turns that were made up for leave faster than the rate: what was accepted in
        the time counts then.
        """
        if self.learnt is None:
            return self._measure(event.at - self.fell_at, event.at, PACING)
        share = self._own_rate() * self.accepted_since / self._total_since
        seconds = max(CATCH_UP, event.sent_at - self.fell_at)
        return max(share, self.accepted_since / seconds)

    def _judge_refusals(self, now: float) -> None:
        """Decide what follows when some requests are refused and others accepted."""
        is_sure = self._total_since >= ENOUGH
        is_tolerated = self._share_since <= self.tolerated
        if is_sure and is_tolerated and now < self.tolerated_until:
            return
        if self.tried_share is not None:
            self._judge_trial(now)
            return
        elapsed = now - self.fell_at
        are_several = elapsed >= PACING and self.refused_since >= SEVERAL
        if are_several and is_sure and self._may_be_chance(now):
            self._begin_trial(now)
        elif are_several and self.learnt is None:
            # It was sent from what a quota had saved up.
            self._fall(FIRST * self._accepted_rate(now), now)
        elif are_several or (elapsed >= PATIENCE and self.learnt is not None):
            self._fall(self._accepted_rate(now), now)

    @property
    def _share_since(self) -> float:
        """Part of the results since the last fall that are refusals."""
        total = self._total_since
        return self.refused_since / total if total else 1.0

    def _accepted_rate(self, now: float) -> float:
        """Requests per second that are accepted, in the long run and recently. From
        one fall to the next, what had been saved up does not count."""
        rate = min(self._own_rate(), self._measure(RECENTLY, now, SHORTEST))
        spans = [max(RECENTLY, ENOUGH / rate)]
        if now - self.fell_at >= RECENTLY:
            spans.append(now - self.fell_at)
        recently = min(self._measure(span, now, SHORTEST) for span in spans)
        return SHARE * min(self._measure_long(now), recently)

    def _may_be_chance(self, now: float) -> bool:
        """Whether refusals so soon after a fall need not come from the rate."""
        is_soon = self.learnt is None or now - self.fell_at <= SOON
        return is_soon and self._share_since <= MOST_NOISE

    # === TRIALS === #

    def _begin_trial(self, now: float) -> None:
        """Send much less for a moment, to see whether refusals come from the rate."""
        share, accepted = self._share_since, self._accepted_rate(now)
        rate = min(self._own_rate(), accepted / SHARE / (1 - share))
        self.was_free = self.learnt is None
        # What was found to be chance before is only tested again.
        self._try(share, rate, TRIALS if self.tolerated else 1, now)

    def _try(self, share: float, rate: float, trials: int, now: float) -> None:
        """Begin one of several trials; for the others see :class:`Pace`."""
        accepted = self.accepted_since / max(PACING, now - self.fell_at)
        self._fall(TRIAL * min(accepted, self._accepted_rate(now)), now)
        self.tried_share, self.tried_rate, self.trials = share, rate, trials

    def _judge_trial(self, now: float) -> None:
        """Go back to the rate before the trial once enough has come in: put up with as
        many refusals again if they were chance, send less if most of them ceased."""
        before, rate = self.tried_share or 0.0, self.tried_rate
        elapsed = now - self.fell_at
        expected = before * self._total_since
        is_decided = max(expected, self.refused_since) >= EXPECTED
        if elapsed < PACING or not (is_decided or elapsed >= LONGEST_TRIAL):
            return
        share = self._share_since
        is_chance = is_decided and share >= before / 2
        if is_chance and self.trials < TRIALS:
            self._try(before, rate, self.trials + 1, now)
            return
        self.tolerated = 0
        if self.refused_since >= SEVERAL:
            self._tolerate(max(share, before) if is_chance else share, now)
            # Less was sent than could have been: it is no measure of a quota.
            self.active_since = now
        if not is_chance:
            self._learn(SHARE * (1 - before + share) * rate, now)
            return
        self._learn(rate, now)
        self.used_for = HOLD + DOUBLING
        if self.was_free:
            self.learnt, self.learnt_in = None, 0

    def _end_trial(self) -> None:
        """End a trial that was not judged: what was learnt for it is not known."""
        if self.tried_share is not None and self.was_free:
            self.learnt, self.learnt_in = None, 0
        self.tried_share, self.trials = None, 0

    def _tolerate(self, share: float, now: float) -> None:
        """Put up with that share of refusals, for longer each time."""
        self.tolerated = 1.5 * share + 0.02
        self.tolerated_until = now + self.tolerance
        self.tolerance = min(2 * self.tolerance, LONGEST_TOLERANCE)

    # === FALLS === #

    def _fall(self, rate: float, now: float) -> None:
        self._learn(min(rate, self._own_rate()), now)

    def _learn(self, rate: float, now: float) -> None:
        self.learnt = max(LOWEST, rate)
        # Each one knows better than the one before.
        self.learnt_in = min(2 * self.learnt_in + now - self.fell_at, SURE_AFTER)
        self.used_for = 0
        self.tried_share = None
        self._count_anew(now)

    def _count_anew(self, now: float) -> None:
        self.looked_at, self.taken = now, 0
        self.fell_at = now
        self.accepted_since = self.refused_since = 0

    def _measure_long(self, now: float) -> float:
        """Accepted requests per second in the long run: in whole windows, or in the
        last seconds if that was much more. A quota that has grown is not held down by
        what it was before."""
        measured = self._measure(MEASURED, now, SHORTEST)
        is_settled = now - self.fell_at >= PATIENCE
        latest = self._measure(PATIENCE, now, SHORTEST) if is_settled else 0
        return latest if latest > GROWN * measured else measured

    def _measure(self, seconds: float, now: float, least: float) -> float:
        """Accepted requests per second in the last ``seconds``, as far as there was
        something to send, but not in less than ``least``."""
        seconds = max(least, min(seconds, now - self.active_since))
        accepted = self.recent[Result.ACCEPTED.value].total(seconds, now)
        return max(accepted, 1.0) / seconds
