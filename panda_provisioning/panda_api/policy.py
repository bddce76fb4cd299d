"""What follows from each class of error: one table, read by the engine."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from .errors import ErrorKind, PandaError


class Stops(str, Enum):
    """How far the consequences of an error reach."""

    NOTHING = "nothing"
    """The account tries again by the clock."""
    ACCOUNT = "account"
    """The account waits until a person has changed something."""
    SYSTEM = "system"
    """The whole system is put in quarantine and probed."""
    PACE = "pace"
    """The whole system pauses for as long as Panda asked."""


@dataclass(frozen=True)
class Policy:
    """Retry schedule of one class of error.

    Waits start at ``first`` seconds, double with each attempt up to ``longest`` and
    vary by ``JITTER``. ``spends`` says whether a failure counts as an attempt.
    """

    stops: Stops
    first: float = 0
    longest: float = 0
    spends: bool = True


POLICIES: dict[ErrorKind, Policy] = {
    ErrorKind.DATA: Policy(Stops.ACCOUNT),
    ErrorKind.CONFLICT: Policy(Stops.ACCOUNT),
    ErrorKind.AUTH: Policy(Stops.SYSTEM, 60, 3600, spends=False),
    ErrorKind.PERMISSION: Policy(Stops.SYSTEM, 60, 3600, spends=False),
    ErrorKind.THROTTLED: Policy(Stops.PACE, 5, 300, spends=False),
    ErrorKind.OUTAGE: Policy(Stops.NOTHING, 30, 3600),
    ErrorKind.UNKNOWN: Policy(Stops.NOTHING, 2, 600),
    ErrorKind.PROTOCOL: Policy(Stops.NOTHING, 30, 3600),
    ErrorKind.BUG: Policy(Stops.NOTHING, 600, 7200),
}

MAX_ATTEMPTS = 10
"""After that many failures in a row a person must look at the account."""
OUTAGES_IN_A_ROW = 5
"""After that many, of any accounts, it is the system that is down."""
FIRST_PROBE, LONGEST_PROBE = 15, 900
"""Seconds between two looks at a system that does not answer."""
SHORTEST_PAUSE = 1.0
"""Seconds; whoever asks us to come back at once gets a breath all the same."""
JITTER = 0.2
"""Part of a wait that is left to chance, so that retries do not come in waves."""


def wait_before_retry(error: PandaError, attempt: int) -> float:
    """Seconds until the next try after ``attempt`` failures (1 for the first)."""
    policy = POLICIES[error.kind]
    wait: float = min(policy.longest, policy.first * 2 ** max(0, attempt - 1))
    wait *= 1 + random.uniform(-JITTER, JITTER)
    return max(wait, error.retry_after or 0)


def probe_wait(error: object, probes: int) -> float:
    """Seconds until a system is tried again after ``probes`` failures in a row.

    :param error: what it said; its ``retry_after`` counts when it has one.
    """
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return max(float(asked), SHORTEST_PAUSE)
    wait: float = min(LONGEST_PROBE, FIRST_PROBE * 2 ** max(0, probes - 1))
    return wait * (1 + random.uniform(0, JITTER))
