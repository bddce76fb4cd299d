"""Turns for the requests of one process, taken in slices from what all share."""

import math
import threading
import time
import uuid

from ..core.daily_quota import DailyQuota
from ..core.pace import CLOCK_SLACK, Event, Pace, Turns
from ..panda_api.connection import not_sent
from ..panda_api.errors import ErrorKind, PandaError
from ..panda_api.limiter import Result

SLICE = 0.5
"""Seconds for which turns are taken at once, and between two looks at what the others
have learnt."""
MOST_AT_ONCE = 100
"""Turns that are taken at once when only the day is limited."""
LEAD = 0.01
"""Seconds before the end of a slice at which the next one is taken."""
MERGED = 0.25
"""Seconds within which accepted requests become one event."""
MOST_EVENTS = 1000
"""Events that are kept while the database does not answer."""
NO_TURNS = Turns(0, 0, 0)
NEXT_TURNS = ("turn_at", "urgent_turn_at")


class SendBudget:
    """The :class:`~..panda_api.limiter.Limiter` of one transport.

    What is learnt from a result counts in this process at once, and in the others
    from their next exchange with the store on. Moments are in seconds of the clock
    that all share.

    :param store: a :class:`~.pace_store.PaceStore`.
    :param most: requests per second, 0 for no limit of ours.
    :param per_day: requests per day, 0 for no limit of ours.
    :param urgent: whether a person waits; they come first.
    """

    learns = True

    def __init__(self, store, *, most=0, per_day=0, urgent=False):
        self._store = store
        self._values = self._settled = {}
        self._most = most
        self._per_day = per_day
        self._urgent = urgent
        self._sender = uuid.uuid4().hex
        self._clock_offset = time.time() - time.monotonic()
        self._changed = threading.Condition()
        self._pace = Pace()
        self._events = []
        self._pending = 0
        self._turns = self._returned = NO_TURNS
        self._used = 0
        self._size = 1
        self._exchange_at = self._taken_at = self._looked_at = 0.0
        self._used_up_until = self._merged_since = 0.0
        self._generation = 0

    # === LIMITER === #

    def wait(self, until):
        """See :meth:`~..panda_api.limiter.Limiter.wait`."""
        with self._changed:
            while True:
                self._exchange_if_due()
                self._check_time(until)
                turn_at = self._next_turn()
                if turn_at is None:
                    self._sleep_until(min(self._local(self._exchange_at), until))
                elif self._local(turn_at) >= until:
                    self._sleep_until(until)
                else:
                    self._used += 1
                    self._pending += 1
                    is_now = turn_at <= self._now()
                    if is_now or self._sleep_until(self._local(turn_at)):
                        return
                    self._pending -= 1

    def note(self, result, sent_at, retry_after=None):
        """See :meth:`~..panda_api.limiter.Limiter.note`."""
        with self._changed:
            self._pending -= 1
            if result is None:
                return
            sent_at += self._clock_offset
            event = Event(result, sent_at, self._now(), retry_after=retry_after)
            plan = self._get_plan()
            self._pace.note([event])
            self._remember(event)
            if self._get_plan() != plan:
                self._plan_anew()

    def close(self):
        """Tell the others what came in last, and what was not used."""
        with self._changed:
            self._plan_anew()
            self._update(lambda values, now: self._settle(values, now, 0))

    def is_down(self):
        """Whether the system does not work, see :meth:`Pace.is_down`."""
        with self._changed:
            return self._pace.is_down(self._now())

    def _now(self):
        return time.monotonic() + self._clock_offset

    def _local(self, moment):
        """``moment`` in seconds of ``time.monotonic``."""
        return moment - self._clock_offset

    # === TURNS === #

    def _next_turn(self):
        """Return the moment of the next turn of the slice, ``None`` if there is none.
        Turns that nobody wanted are gone with their slice."""
        turns = self._turns
        ends_at = turns.begin + turns.count * turns.interval
        if turns.interval and self._now() > max(ends_at, self._taken_at) + SLICE:
            self._turns, self._size, self._used = NO_TURNS, max(1, self._used), 0
            self._exchange_at = 0.0
            return None
        if self._used >= turns.count:
            return None
        return turns.begin + self._used * turns.interval

    def _sleep_until(self, moment):
        """Return true at ``moment``, in seconds of ``time.monotonic``, or false as soon
        as the turns have changed; look meanwhile at what the others have learnt."""
        generation = self._generation
        while True:
            left = moment - time.monotonic()
            look = self._local(self._looked_at) + SLICE - time.monotonic()
            self._changed.wait(max(0.0, min(left, look)))
            if self._generation != generation:
                return False
            if time.monotonic() >= moment:
                return True
            self._look_if_due()
            if self._generation != generation:
                return False

    def _check_time(self, until):
        """Raise if there is no turn before ``until``."""
        for code, ends_at in (
            ("daily_limit", self._used_up_until),
            ("throttled", self._pace.paused_until),
        ):
            if self._local(ends_at) >= until:
                wait = max(0.0, ends_at - self._now())
                raise PandaError(ErrorKind.THROTTLED, code, retry_after=wait)
        if time.monotonic() >= until:
            raise not_sent()

    def _get_plan(self):
        """Return what turns depend on."""
        pace = self._pace
        return pace.learnt, pace.wall_since, pace.paused_until

    def _plan_anew(self):
        """Give back the turns that are still to come, also of threads that wait."""
        turns, left = self._turns, self._turns.count - self._used
        if turns.interval:
            past = math.floor((self._now() - turns.begin) / turns.interval) + 1
            left = turns.count - min(max(past, 0), turns.count)
        if turns.interval or self._per_day:
            self._returned = Turns(0, turns.interval, left)
        self._turns, self._used = NO_TURNS, 0
        self._exchange_at = 0.0
        self._generation += 1
        self._changed.notify_all()

    # === EXCHANGE === #

    def _remember(self, event):
        """Keep ``event`` for the next exchange."""
        last = self._events[-1] if self._events else None
        if (
            last
            and last.result is event.result is Result.ACCEPTED
            and event.at < self._merged_since + MERGED
        ):
            last.count += 1
            last.sent_at, last.at = max(last.sent_at, event.sent_at), event.at
        else:
            self._events.append(event)
            self._merged_since = event.at

    def _exchange_if_due(self):
        """Take a slice when the last one is used up, else look at what is new."""
        if self._used >= self._turns.count and self._now() >= self._exchange_at:
            self._exchange(self._size)
        else:
            self._look_if_due()

    def _look_if_due(self):
        """Tell what came in and learn what the others have learnt, without turns."""
        if self._now() < self._looked_at + SLICE:
            return
        plan = self._get_plan()
        self._update(self._settle)
        if self._get_plan() != plan:
            self._plan_anew()

    def _exchange(self, count):
        """Tell what came in, and take up to ``count`` turns."""
        if self._turns.count:
            count *= 2
        rate = self._pace.rate(self._now(), self._most, urgent=self._urgent)
        most = MOST_AT_ONCE if rate == math.inf else int(rate * SLICE)
        count = min(count, max(1, most))
        self._update(lambda values, now: self._settle(values, now, count))
        self._size = max(1, count)

    def _update(self, change):
        """Let ``change`` update what all share, or as much as is known of it while the
        database does not answer."""
        try:
            now = self._store.update(change) if self._store else None
        except LookupError:
            self._store = now = None
        if now is None:
            change(self._values, self._now())
            self._keep_turns()
        if now is not None or not self._store:
            self._values, self._events = self._settled, []
            self._returned = NO_TURNS
        self._events = self._events[-MOST_EVENTS:]
        self._looked_at = self._now()

    def _keep_turns(self):
        """Go on behind the turns that were taken without the database."""
        turns = {name: getattr(self._pace, name) for name in NEXT_TURNS}
        pace = {**self._values.get("pace", {}), **turns}
        self._values = {**self._values, "pace": pace}

    def _follow_clock(self, now):
        """Go by the clock that all share. Turns by another one are none."""
        offset = now - time.monotonic()
        is_step = abs(offset - self._clock_offset) > CLOCK_SLACK
        self._clock_offset = offset
        if is_step:
            self._plan_anew()
            self._returned = NO_TURNS

    def _settle(self, values, now, count=None):
        """Return the new values of what all share, and keep what is ours of it.

        :param count: turns to take, ``None`` to keep those that there are.
        """
        self._follow_clock(now)
        pace = Pace.from_dict(values.get("pace", {}))
        quota = DailyQuota.from_dict(values.get("day", {}))
        pace.follow_clock(now)
        pace.note(self._events)
        pace.give_back(self._returned, urgent=self._urgent)
        if self._per_day:
            quota.note(sum(event.count for event in self._events), now)
        if count != 0:  # somebody waits
            pace.keep_waiting(now)
        if count is not None:
            if self._per_day:
                left = quota.reserve(
                    *(self._sender, count, self._pending), self._per_day, now
                )
                is_used_up = count and quota.sent + self._pending >= self._per_day
                self._used_up_until = quota.ends_at(now) if is_used_up else 0.0
                count = left
            self._take(pace, now, count)
        self._pace = pace
        self._settled = {"pace": pace.as_dict(), "day": vars(quota)}
        return self._settled

    def _are_others_first(self, pace, now):
        """Whether the next turns are so far away that others may still push them: what
        is taken now would leave beside the requests of somebody urgent."""
        return not self._urgent and pace.turn_at > now + SLICE

    def _take(self, pace, now, count):
        """Take the next slice of ``pace``; without any limit it is all there is."""
        self._used, self._turns = 0, NO_TURNS
        self._taken_at = now
        self._exchange_at = now + SLICE
        if not count or self._are_others_first(pace, now):
            return
        turns = pace.take(count, now, self._most, urgent=self._urgent)
        if turns.interval:
            self._exchange_at = turns.begin + count * turns.interval - LEAD
        elif self._per_day:
            self._exchange_at = turns.begin
        else:
            turns = Turns(turns.begin, 0, math.inf)
        self._turns = turns
