"""Who says when a request may leave, and hears what came of it."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from .errors import ErrorKind, PandaError


class Result(str, Enum):
    """What came of a request, as far as the pace is concerned."""

    ACCEPTED = "accepted"
    """Answered, whether Panda liked it or not."""
    REFUSED = "refused"
    """Too many requests."""
    FAILED = "failed"
    """No answer, or none that makes sense."""


class Limiter(Protocol):
    """Gives out turns to all threads of a connection. Times are in seconds of
    ``time.monotonic``."""

    learns: bool
    """Whether a refused request may be sent again because its turn then comes later."""

    def wait(self, until: float) -> None:
        """Return when the turn of the caller has come.

        :param until: when it is too late.
        :raise PandaError: ``not_sent``, ``throttled`` or ``daily_limit`` if there is no
            turn before ``until``.
        """

    def note(
        self, result: Result | None, sent_at: float, retry_after: float | None = None
    ) -> None:
        """Hear what came of a turn.

        :param result: ``None`` if nothing was sent.
        :param retry_after: seconds of a pause that Panda has asked for.
        """

    def is_down(self) -> bool:
        """Whether the system does not work, as far as its answers tell."""

    def close(self) -> None:
        """Give back what was not used."""


class NoLimit:
    """A :class:`Limiter` that limits nothing."""

    learns = False

    def wait(self, until: float) -> None:
        """Return at once."""

    def note(
        self, result: Result | None, sent_at: float, retry_after: float | None = None
    ) -> None:
        """Forget it."""

    def is_down(self) -> bool:
        """Nothing is known."""
        return False

    def close(self) -> None:
        """There is nothing to give back."""


def is_refused(error: PandaError) -> bool:
    """Whether ``error`` says that there were too many requests."""
    is_paused = error.status == 503 and error.retry_after is not None
    return error.status == 429 or is_paused


def result_of(error: PandaError | None) -> Result | None:
    """What a request that ended with ``error``, or without one, tells about the pace;
    ``None`` if nothing was sent."""
    if error is None:
        return Result.ACCEPTED
    if error.code == "not_sent":
        return None
    if is_refused(error):
        return Result.REFUSED
    is_failure = error.kind in (
        ErrorKind.OUTAGE,
        ErrorKind.UNKNOWN,
        ErrorKind.PROTOCOL,
    )
    return Result.FAILED if is_failure else Result.ACCEPTED
