"""The bearer token: fetched once, shared by all threads, renewed early."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Callable

from .errors import ErrorKind, PandaError


class TokenCache:
    """Keeps one token for all threads of a connection.

    ``fetch`` takes the moment at which it must have ended, in seconds of
    ``time.monotonic``, and returns the token and its life in seconds
    (docs/watchguard-api.md#token-answer). A token is renewed when a tenth of its
    life, at most five minutes, is left. Threads that waited for a fetch that failed
    get the same failure: refused credentials cost one request, not one per thread.
    """

    def __init__(self, fetch: Callable[[float], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._failure: PandaError | None = None
        self._failures = 0

    def get(self, until: float = math.inf) -> str:
        """Return a valid token; raises :class:`PandaError` when none is to be had.

        :param until: when waiting for one ends, in seconds of ``time.monotonic``.
        """
        if self._token and time.monotonic() < self._renew_at:
            return self._token
        failures_seen = self._failures
        seconds = max(0.0, until - time.monotonic())
        if not self._lock.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            raise PandaError(ErrorKind.OUTAGE, "timeout")
        try:
            if self._token and time.monotonic() < self._renew_at:
                return self._token
            if self._failure and self._failures > failures_seen:
                raise copy.copy(self._failure)
            return self._renew(until)
        finally:
            self._lock.release()

    def discard(self, token: str) -> None:
        """Forget ``token``, unless another thread has replaced it already."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _renew(self, until: float) -> str:
        try:
            token, life = self._fetch(until)
        except PandaError as error:
            self._failure = error
            self._failures += 1
            raise
        self._failure = None
        self._renew_at = time.monotonic() + life - min(life / 10, 300)
        self._token = token
        return token
