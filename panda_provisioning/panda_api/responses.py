"""What Panda answers, as values; every known spelling is accepted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ErrorKind, PandaError


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as it may be shown and stored: no secrets.

    ``duration`` is in seconds, ``status`` is ``None`` when no answer came,
    ``sent`` and ``received`` are JSON text, cut after 2,000 characters.
    """

    method: str
    path: str
    status: int | None
    duration: float
    correlation_id: str
    sent: str = field(default="", repr=False)
    received: str = field(default="", repr=False)
    error: PandaError | None = None


@dataclass(frozen=True)
class Account:
    """An account with its contact (docs/watchguard-api.md#get-account)."""

    id: str
    name: str
    type: int
    email: str


@dataclass(frozen=True)
class Child:
    """A row of a listing of managed accounts (docs/watchguard-api.md#list-children)."""

    id: str
    name: str
    type: int


@dataclass(frozen=True)
class Operator:
    """A person who may log in to an account (docs/watchguard-api.md#list-operators)."""

    username: str
    email: str
    mfa: bool = False


@dataclass(frozen=True)
class Transaction:
    """State of an operator transaction (docs/watchguard-api.md#transaction-status).

    ``status`` is ``PENDING``, ``SUCCESS`` or ``FAILED``; ``error`` is the vendor's
    text for the last of them.
    """

    status: str
    error: str


def unreadable(what: str) -> PandaError:
    """The error for a successful answer that lacks what it must contain."""
    return PandaError(ErrorKind.PROTOCOL, "unreadable", what)


def as_object(body: Any) -> Mapping[str, Any]:
    """``body`` as a JSON object; raises :class:`PandaError` when it is another."""
    if not isinstance(body, Mapping):
        raise unreadable("a JSON object was expected")
    return body


def as_list(value: Any) -> list[Mapping[str, Any]]:
    """``value`` as a list of JSON objects, or :class:`PandaError`."""
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise unreadable("a list of JSON objects was expected")
    return value


def text(row: Mapping[str, Any], *names: str) -> str:
    """The first of ``names`` whose value in ``row`` is text or a number, as text."""
    for name in names:
        value = row.get(name)
        is_plain = isinstance(value, (str, int)) and not isinstance(value, bool)
        if is_plain and value != "":
            return str(value)
    return ""


def integer(value: Any, default: int = 0) -> int:
    """``value`` as a number, ``default`` when it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default
