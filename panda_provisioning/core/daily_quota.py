"""The requests of one day, of which people may set how many there may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DAY = 86_400
"""Seconds. A day begins at midnight UTC."""
RESERVED_FOR = 180.0
"""Seconds after which what a sender has reserved and not used is free again: it has
ended without a word. Longer than any request takes."""


@dataclass
class DailyQuota:
    """How many requests were sent on ``day`` (days since the epoch).

    ``reserved`` is what each sender may still send: ``{sender: [requests, until]}``,
    ``until`` in seconds since the epoch.
    """

    day: int = 0
    sent: int = 0
    reserved: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DailyQuota:
        """The quota of ``vars()``; a new one of an empty mapping."""
        return cls(**{k: v for k, v in values.items() if k in vars(cls())})

    def note(self, count: int, now: float) -> None:
        """Count requests that were sent."""
        self._begin_day(now)
        self.sent += count

    def reserve(
        self, sender: str, count: int, pending: int, most: int, now: float
    ) -> int:
        """Reserve up to ``count`` requests for ``sender`` and return how many it gets.

        :param pending: requests of ``sender`` whose end was not noted yet.
        :param most: requests that the day may have.
        """
        self._begin_day(now)
        self.reserved.pop(sender, None)
        self.reserved = {k: v for k, v in self.reserved.items() if v[1] > now}
        others = sum(requests for requests, _until in self.reserved.values())
        granted = max(0, min(count, int(most - self.sent - others - pending)))
        if granted + pending:
            self.reserved[sender] = [granted + pending, now + RESERVED_FOR]
        return granted

    def ends_at(self, now: float) -> float:
        """When the next day begins, in seconds since the epoch."""
        return (now // DAY + 1) * DAY

    def _begin_day(self, now: float) -> None:
        if int(now // DAY) != self.day:
            self.day, self.sent, self.reserved = int(now // DAY), 0, {}
