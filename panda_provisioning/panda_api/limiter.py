"""Spread requests evenly, so that a run never bursts over the agreed rate."""

from __future__ import annotations

import threading
import time


class RateLimiter:
    """Hands out time slots, ``per_second`` of them; 0 means no limit."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._next_slot = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the caller's slot comes."""
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
        time.sleep(slot - now)
