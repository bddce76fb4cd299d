"""Errors as data: every failure of the API becomes one exception with a class."""

from __future__ import annotations

from enum import Enum


class ErrorKind(str, Enum):
    """Class of a failure; ``core.retry_policy`` says what follows from it."""

    DATA = "data"
    """Panda refuses what was sent; a person must change it."""
    CONFLICT = "conflict"
    """What was sent collides with something Panda already has."""
    AUTH = "auth"
    """The Access ID or its password is refused."""
    PERMISSION = "permission"
    """The credentials are known but may not do this."""
    THROTTLED = "throttled"
    """Too many requests; nothing was done."""
    OUTAGE = "outage"
    """Panda cannot be reached or is broken; nothing was done."""
    UNKNOWN = "unknown_outcome"
    """A write was sent and its answer is lost: it may have been done."""
    PROTOCOL = "protocol"
    """An answer that nobody can read; the address may not be Panda's."""
    BUG = "bug"
    """An exception of our own."""


class PandaError(Exception):
    """A failed exchange with Panda.

    :param kind: class of the failure.
    :param code: machine code, stable, e.g. ``username_taken``.
    :param detail: the vendor's own words, free of secrets, may be empty.
    :param status: HTTP status, ``None`` when there was no answer.
    :param retry_after: seconds Panda asked us to wait, ``None`` when it did not.
    """

    def __init__(
        self,
        kind: ErrorKind,
        code: str,
        detail: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(kind, code, detail)
        self.kind = kind
        self.code = code
        self.detail = detail
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code
