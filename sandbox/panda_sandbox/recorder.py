"""Every request that came in, without anything secret."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

KEPT = 200_000
"""Requests remembered; older ones are forgotten."""


@dataclass(slots=True)
class Entry:
    """One request; ``status`` stays ``None`` when the client got no answer.

    Neither bodies nor headers are kept: they hold passwords, tokens and keys.
    """

    number: int
    time: float
    method: str
    path: str
    query: str
    account: str
    correlation_id: str
    fault: str | None = None
    status: int | None = None
    duration_ms: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class Filter:
    """Which requests are meant; ``None`` means any, ``path`` is a pattern.

    ``fault`` and ``status`` are compared as text, ``"none"`` means without.
    """

    method: str | None = None
    path: str | None = None
    account: str | None = None
    status: str | None = None
    fault: str | None = None
    after: int = 0

    def accepts(self, entry: Entry) -> bool:
        """Whether ``entry`` is meant."""
        return (
            entry.number > self.after
            and self.method in (None, entry.method)
            and (self.path is None or fnmatchcase(entry.path, self.path))
            and self.account in (None, entry.account)
            and self.status in (None, str(entry.status or "none"))
            and self.fault in (None, entry.fault or "none")
        )


class Recorder:
    """Remembers requests in memory, in the order in which they came in."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0

    def start(
        self,
        time: float,
        method: str,
        path: str,
        query: str,
        account: str,
        correlation_id: str,
    ) -> Entry:
        """Remember a request that has just come in; the caller completes it."""
        self._count += 1
        entry = Entry(self._count, time, method, path, query, account, correlation_id)
        self._entries.append(entry)
        return entry

    def find(self, wanted: Filter) -> Iterator[Entry]:
        """The requests that ``wanted`` accepts."""
        return (entry for entry in self._entries if wanted.accepts(entry))

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._count = 0
