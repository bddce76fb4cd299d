"""Turns for the requests of one process, taken in slices from what all share."""

import math
import threading
import time
import uuid

from ..core.daily_quota import DailyQuota
from ..core.pace import CATCH_UP, Event, Pace, Turns
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
        self._exchange_at = 0.0
        self._used_up_until = 0.0
        self._generation = 0

    # === LIMITER === #

    def wait(self, until):
        """See :meth:`~..panda_api.limiter.Limiter.wait`."""
        with self._changed:
            while True:
                deadline = until + self._clock_offset
                if self._now() >= self._exchange_at:
                    self._exchange(self._size)
                self._check_time(deadline)
                turn_at = self._next_turn()
                if turn_at is None:
                    self._sleep_until(min(self._exchange_at, deadline))
                elif turn_at >= deadline:
                    self._sleep_until(deadline)
                else:
                    self._used += 1
                    if self._sleep_until(turn_at):
                        self._pending += 1
                        return

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
            self._exchange(0)

    def is_down(self):
        """Whether the system does not work, see :meth:`Pace.is_down`."""
        with self._changed:
            return self._pace.is_down(self._now())

    def _now(self):
        return time.monotonic() + self._clock_offset

    # === TURNS === #

    def _next_turn(self):
        """Return the moment of the next turn of the slice, ``None`` if there is
        none."""
        turns = self._turns
        if turns.interval:
            missed = (self._now() - CATCH_UP - turns.begin) / turns.interval
            self._used = max(self._used, math.ceil(missed))
        if self._used >= turns.count:
            return None
        return turns.begin + self._used * turns.interval

    def _sleep_until(self, moment):
        """Return true at ``moment``, or false as soon as the turns have changed."""
        generation = self._generation
        while True:
            left = moment - self._now()
            if left <= 0:
                return True
            self._changed.wait(left)
            if self._generation != generation:
                return False

    def _check_time(self, deadline):
        """Raise if there is no turn before ``deadline``."""
        for code, until in (
            ("daily_limit", self._used_up_until),
            ("throttled", self._pace.paused_until),
        ):
            if until >= deadline:
                wait = max(0.0, until - self._now())
                raise PandaError(ErrorKind.THROTTLED, code, retry_after=wait)
        if self._now() >= deadline:
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
            and event.at < last.at + MERGED
        ):
            last.count += 1
            last.sent_at, last.at = max(last.sent_at, event.sent_at), event.at
        else:
            self._events.append(event)

    def _exchange(self, count):
        """Tell what came in, and take up to ``count`` turns."""
        if self._turns.count:
            is_used_up = self._used >= self._turns.count
            count = 2 * count if is_used_up else max(1, self._used)
        rate = self._pace.rate(self._now(), self._most)
        most = MOST_AT_ONCE if rate == math.inf else int(rate * SLICE)
        count = min(count, max(1, most))

        def change(values, now):
            return self._settle(values, now, count)

        try:
            now = self._store.update(change) if self._store else None
        except LookupError:
            self._store = now = None
        if now is not None:
            self._clock_offset = now - time.monotonic()
        else:
            change(self._values, self._now())
        if now is not None or not self._store:
            self._values, self._events = self._settled, []
        self._events = self._events[-MOST_EVENTS:]
        self._returned = NO_TURNS
        self._size = max(1, count)

    def _settle(self, values, now, count):
        """Return the new values of what all share, and keep what is ours of it."""
        pace = Pace.from_dict(values.get("pace", {}))
        quota = DailyQuota.from_dict(values.get("day", {}))
        pace.note(self._events)
        pace.give_back(self._returned, urgent=self._urgent)
        wanted = count
        if self._per_day:
            quota.note(sum(event.count for event in self._events), now)
            count = quota.reserve(
                *(self._sender, count, self._pending), self._per_day, now
            )
        self._used_up_until = quota.ends_at(now) if wanted and not count else 0.0
        self._take(pace, now, count)
        self._pace = pace
        self._settled = {"pace": pace.as_dict(), "day": vars(quota)}
        return self._settled

    def _take(self, pace, now, count):
        """Take the next slice of ``pace``; without any limit it is all there is."""
        self._used, self._turns = 0, NO_TURNS
        self._exchange_at = now + SLICE
        if not count:
            return
        turns = pace.take(count, now, self._most, urgent=self._urgent)
        if turns.interval:
            self._exchange_at = turns.begin + count * turns.interval - LEAD
        elif self._per_day:
            self._exchange_at = max(now, turns.begin)
        else:
            turns = Turns(turns.begin, 0, math.inf)
        self._turns = turns
