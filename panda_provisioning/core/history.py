"""How often something has happened lately."""

from __future__ import annotations

import math
from collections.abc import Mapping


class History:
    """Counts per bucket of ``width`` seconds, for the last ``span`` seconds."""

    def __init__(self, width: float, span: float) -> None:
        self._width = width
        self._length = math.ceil(span / width)
        self._counts: dict[int, int] = {}

    def add(self, at: float, count: int = 1) -> None:
        """Note that it happened ``count`` times at ``at``, in seconds since the
        epoch."""
        bucket = self._bucket(at)
        self._counts[bucket] = self._counts.get(bucket, 0) + count
        if len(self._counts) > self._length + 1:
            oldest = max(self._counts) - self._length
            self._counts = {b: n for b, n in self._counts.items() if b >= oldest}

    def total(self, seconds: float, now: float) -> float:
        """How often it happened in the last ``seconds``; of the bucket in which they
        begin, the part that lies within."""
        begin = (now - seconds) / self._width
        first = math.floor(begin)
        whole = sum(n for bucket, n in self._counts.items() if bucket > first)
        return whole + self._counts.get(first, 0) * (first + 1 - begin)

    def series(self, now: float) -> list[int]:
        """The counts of all buckets, the oldest first, the last is the current one."""
        last = self._bucket(now)
        first = last - self._length + 1
        return [self._counts.get(bucket, 0) for bucket in range(first, last + 1)]

    def forget_after(self, now: float) -> None:
        """Forget what was counted after ``now``."""
        last = self._bucket(now)
        self._counts = {b: n for b, n in self._counts.items() if b <= last}

    def as_dict(self) -> dict[str, int]:
        """The counts, for JSON."""
        return {str(bucket): count for bucket, count in self._counts.items()}

    def load(self, counts: Mapping[str, int]) -> None:
        """Take the counts of :meth:`as_dict`."""
        self._counts = {int(bucket): count for bucket, count in counts.items()}

    def _bucket(self, at: float) -> int:
        return math.floor(at / self._width)
