"""Spread requests evenly, so that a run never bursts over the agreed rate."""

from __future__ import annotations

import math
import threading
import time


class RateLimiter:
    """Hands out time slots, ``per_second`` of them; 0 means no limit."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._next_slot = 0.0
        self._lock = threading.Lock()

    def wait(self, until: float = math.inf) -> bool:
        """Sleep until the caller's slot comes, and return whether it has.

        :param until: when it is too late, in seconds of ``time.monotonic``; then the
            slot is somebody else's.
        """
        if not self._interval:
            return True
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next_slot)
            is_in_time = slot < until
            if is_in_time:
                self._next_slot = slot + self._interval
        time.sleep(max(0.0, min(slot, until) - now))
        return is_in_time
