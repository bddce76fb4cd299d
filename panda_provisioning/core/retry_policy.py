"""What follows from each kind of error: one table, read by the transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..panda_api.errors import ErrorKind, PandaError


class Stops(str, Enum):
    """How far the consequences of an error reach."""

    NOTHING = "nothing"
    """The account tries again by the clock."""
    ACCOUNT = "account"
    """The account waits until a person has changed something."""
    SYSTEM = "system"
    """The whole system is put in quarantine and probed."""
    PACE = "pace"
    """The whole system pauses: Panda asked for it, or the requests of the day are used
    up."""


@dataclass(frozen=True)
class RetryPolicy:
    """Retry schedule of one kind of error.

    Waits start at ``first`` seconds, grow by ``factor`` with each attempt up to
    ``longest`` and vary by ``JITTER``. ``spends`` says whether a failure counts as an
    attempt.
    """

    stops: Stops
    first: float = 0
    longest: float = 0
    factor: float = 2
    spends: bool = True


POLICIES: dict[ErrorKind, RetryPolicy] = {
    ErrorKind.DATA: RetryPolicy(Stops.ACCOUNT),
    ErrorKind.CONFLICT: RetryPolicy(Stops.ACCOUNT),
    ErrorKind.AUTH: RetryPolicy(Stops.SYSTEM, 60, 3600, spends=False),
    ErrorKind.PERMISSION: RetryPolicy(Stops.SYSTEM, 60, 3600, spends=False),
    ErrorKind.THROTTLED: RetryPolicy(Stops.PACE, 5, 300, spends=False),
    ErrorKind.OUTAGE: RetryPolicy(Stops.NOTHING, 0.5, 3600, factor=3),
    ErrorKind.UNKNOWN: RetryPolicy(Stops.NOTHING, 2, 600),
    ErrorKind.PROTOCOL: RetryPolicy(Stops.NOTHING, 30, 3600),
    ErrorKind.BUG: RetryPolicy(Stops.NOTHING, 600, 7200),
}

MAX_ATTEMPTS = 10
"""After that many failures in a row a person must look at the account."""
FIRST_PROBE, LONGEST_PROBE = 15, 900
"""Seconds between two probes of a system that does not answer."""
SHORTEST_PAUSE = 1.0
"""Seconds of a pause even when Panda asks for less."""
JITTER = 0.2
"""Part of a wait that is left to chance, so that retries do not come in waves."""

Uniform = Callable[[float, float], float]
"""``random.uniform``, or a stand-in: a number between two others."""


def wait_before_retry(error: PandaError, attempt: int, uniform: Uniform) -> float:
    """Seconds until the next try after ``attempt`` failures (1 for the first)."""
    policy = POLICIES[error.kind]
    # Every schedule has reached its longest wait by then.
    growths = max(0, min(attempt, MAX_ATTEMPTS) - 1)
    wait: float = min(policy.longest, policy.first * policy.factor**growths)
    wait *= 1 + uniform(-JITTER, JITTER)
    return max(wait, error.retry_after or 0)


def probe_wait(retry_after: float | None, probes: int, uniform: Uniform) -> float:
    """Seconds until a system is tried again after ``probes`` failures in a row.

    :param retry_after: seconds that Panda asked for, ``None`` when it did not.
    """
    if retry_after is not None:
        return max(float(retry_after), SHORTEST_PAUSE)
    wait: float = min(LONGEST_PROBE, FIRST_PROBE * 2 ** max(0, probes - 1))
    return wait * (1 + uniform(0, JITTER))
