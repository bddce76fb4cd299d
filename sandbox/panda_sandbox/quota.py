"""How many requests the sandbox accepts: a quota that all of them share.

See docs/watchguard-api.md#sandbox-quota.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Field

from .faults import FaultRule

QUOTA = "quota"
"""What is recorded in the place of a fault for a request that was refused."""
CLOSE = 1e-6
"""Part of a window by which a time may miss its edge and still be on it."""


class _Rule(BaseModel):
    """A quota; ``retry_after`` says whether a refusal tells when to come again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retry_after: bool = True


class Bucket(_Rule):
    """A token bucket: ``rate`` requests a second, ``burst`` at once when it is full."""

    kind: Literal["bucket"]
    rate: float = Field(gt=0)
    burst: float = Field(ge=1)

    def allows(self, begin: float, end: float) -> float:
        """Requests from ``begin`` to ``end``, without those of a full bucket.

        Both are in seconds since the bucket came into force.
        """
        return self.rate * (end - begin)


class Window(_Rule):
    """So many ``requests`` in every ``seconds``, of which the first begin at once."""

    kind: Literal["window"]
    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)

    def allows(self, begin: float, end: float) -> float:
        """Requests of all windows that the time from ``begin`` to ``end`` touches.

        Both are in seconds since the first window began.
        """
        first = math.floor(begin / self.seconds + CLOSE)
        return self.requests * (math.ceil(end / self.seconds - CLOSE) - first)


Rule = Annotated[Union[Bucket, Window], Field(discriminator="kind")]  # noqa: UP007


class _BucketMeter:
    """What is left in a bucket."""

    def __init__(self, rule: Bucket, since: float, level: float) -> None:
        self._rule, self._at, self._level = rule, since, level

    def level(self, now: float) -> float:
        """Requests that would be accepted at once."""
        self._level += self._rule.rate * (now - self._at)
        self._level = min(self._level, self._rule.burst)
        self._at = now
        return self._level

    def take(self, now: float) -> float:
        """Seconds until a request is accepted; 0 takes it."""
        if self.level(now) < 1:
            return (1 - self._level) / self._rule.rate
        self._level -= 1
        return 0


class _WindowMeter:
    """What was taken of a window."""

    def __init__(self, rule: Window, since: float) -> None:
        self._rule, self._since = rule, since
        self._number = self._taken = 0

    def take(self, now: float) -> float:
        """Seconds until a request is accepted; 0 takes it."""
        number = math.floor((now - self._since) / self._rule.seconds)
        if number != self._number:
            self._number, self._taken = number, 0
        if self._taken >= self._rule.requests:
            return self._since + (number + 1) * self._rule.seconds - now
        self._taken += 1
        return 0


@dataclass(frozen=True)
class _Stretch:
    """A time in which one rule, or none, was in force."""

    rule: Bucket | Window | None
    since: float


class Quota:
    """The rule in force, what is left of it, and the rules before it.

    Times are in seconds since the epoch.
    """

    def __init__(self, rule: Bucket | Window | None, now: float) -> None:
        self._stretches = [_Stretch(rule, now)]
        self._meter = _meter(rule, now)

    @property
    def since(self) -> float:
        """When the rule in force came into force."""
        return self._stretches[-1].since

    def change(self, rule: Bucket | Window | None, now: float) -> None:
        """Put another rule in force; the same one goes on as it was.

        A bucket takes over what is left in the bucket before it, anything else
        begins with nothing used.
        """
        if rule == self._stretches[-1].rule:
            return
        level = None
        if isinstance(self._meter, _BucketMeter):
            level = self._meter.level(now)
        self._stretches.append(_Stretch(rule, now))
        self._meter = _meter(rule, now, level)

    def refuse(self, now: float) -> FaultRule | None:
        """What a request gets that the quota does not allow; ``None`` accepts it."""
        rule = self._stretches[-1].rule
        wait = self._meter.take(now) if self._meter else 0
        if not rule or not wait:
            return None
        seconds = math.ceil(wait) if rule.retry_after else None
        return FaultRule(fault="throttled", retry_after=seconds)

    def allowed(self, begin: float, end: float) -> float | None:
        """Requests that were allowed in a time, ``None`` for any number.

        A bucket counts as full where the time begins, and where it follows on
        something else than a bucket: it may have been, and cannot have been more.
        """
        total, before = 0.0, None
        for stretch, first, last in self._overlaps(begin, end):
            rule = stretch.rule
            if not rule:
                return None
            total += rule.allows(first - stretch.since, last - stretch.since)
            if isinstance(rule, Bucket) and not isinstance(before, Bucket):
                total += rule.burst
            before = rule
        return total

    def _overlaps(
        self, begin: float, end: float
    ) -> Iterator[tuple[_Stretch, float, float]]:
        """The parts of a time, each with its beginning and its end."""
        endless = _Stretch(None, math.inf)
        for stretch, following in pairwise([*self._stretches, endless]):
            first, last = max(begin, stretch.since), min(end, following.since)
            if first < last:
                yield stretch, first, last


def _meter(
    rule: Bucket | Window | None, since: float, level: float | None = None
) -> _BucketMeter | _WindowMeter | None:
    """What counts the requests for ``rule``.

    :param level: what is left in a bucket, which is full without.
    """
    if isinstance(rule, Window):
        return _WindowMeter(rule, since)
    if rule:
        return _BucketMeter(rule, since, rule.burst if level is None else level)
    return None
