"""Which failures are repeated at once, and how many of them there may be."""

from __future__ import annotations

import threading

from .errors import ErrorKind, PandaError

DELAYS = (0.05, 0.5, 1.5)
"""Seconds before each repetition, on average."""
SHARE = 0.2
"""Repetitions for each request that is sent the first time."""
AT_FIRST, AT_MOST = 10.0, 100.0
"""Repetitions that may be made before anything else was sent, and that are saved up."""
QUICK = 0.25
"""Part of a time-out after which a failure is as good as one: repeating what takes
long makes it worse."""
PASSING = {"server_error", "lost_answer", "unreachable", "unreadable"}
"""Codes of failures that may have gone by the next time. Not among them: a
certificate, a firewall, an address, and what took a whole time-out already."""


def may_be_repeated(error: PandaError) -> bool:
    """Whether the request may be sent once more: nothing was done by it, and the
    failure may pass."""
    is_harmless = error.kind in (ErrorKind.OUTAGE, ErrorKind.PROTOCOL)
    return is_harmless and error.code in PASSING


class RetryBudget:
    """Keeps repetitions to a part of all requests, so that an outage becomes no
    storm; safe to use from many threads."""

    def __init__(self) -> None:
        self._left = AT_FIRST
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note a request that is sent the first time."""
        with self._lock:
            self._left = min(AT_MOST, self._left + SHARE)

    def spend(self) -> bool:
        """Return whether one more request may be repeated, and count it."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True
