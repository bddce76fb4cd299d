"""Whether it is the system that is in trouble, and not one of its accounts."""

from __future__ import annotations

from enum import Enum

from ..panda_api.errors import ErrorKind, PandaError
from .retry_policy import POLICIES, Stops

ANSWERED_KINDS = (ErrorKind.DATA, ErrorKind.CONFLICT)
"""Refusals that show that Panda works as it should."""
OUTAGE_KINDS = (ErrorKind.OUTAGE, ErrorKind.UNKNOWN)


class Condition(str, Enum):
    """What a run has found out about its system."""

    NOTHING = "nothing"
    HEALTHY = "healthy"
    THROTTLED = "throttled"
    """Panda wants a pause that is too long to be waited for."""
    SUSPECT = "suspect"
    """It does not seem to work and should be checked."""


class SystemWatch:
    """Collects what the steps of a run have led to.

    ``stopped_by`` is the error that ends the run, ``last_error`` the last one that may
    be the system's, ``failed`` and ``refused`` are the accounts for which the system
    may be to blame; ``failed`` has one as often as it has failed.
    """

    def __init__(self) -> None:
        self.stopped_by: PandaError | None = None
        self.failed: list[int] = []
        self.refused: list[int] = []
        self._last_error: PandaError | None = None
        self._has_succeeded = False

    @property
    def error(self) -> PandaError | None:
        """The error that says most about the system."""
        return self.stopped_by or self._last_error

    def note(self, key: int, error: PandaError | None, *, is_down: bool) -> None:
        """Note that a step of the account ``key`` has ended.

        :param is_down: whether so many requests fail that the system counts as down.
        """
        if not error or error.kind in ANSWERED_KINDS:
            self._has_succeeded = True
            return
        self._last_error = error
        stops = POLICIES[error.kind].stops
        if error.kind in OUTAGE_KINDS:
            self.failed.append(key)
            if is_down:
                self.stopped_by = error
        if stops is Stops.SYSTEM:
            self.refused.append(key)
        if stops in (Stops.PACE, Stops.SYSTEM):
            self.stopped_by = error

    def judge(self, *, is_late: bool) -> Condition:
        """Return what is to be said of the system at the end of a run.

        When nothing at all succeeded it is the system, however few accounts there
        were.

        :param is_late: whether there is no time for a check.
        """
        if self._has_succeeded and not self.stopped_by:
            return Condition.HEALTHY
        if not self.error:
            return Condition.NOTHING
        if self.error.kind is ErrorKind.THROTTLED:
            return Condition.THROTTLED
        return Condition.NOTHING if is_late else Condition.SUSPECT
