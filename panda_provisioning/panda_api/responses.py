"""What Panda answers, as values; every known spelling is accepted here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ErrorKind, PandaError
from .limits import LONGEST_TEXT

ACCOUNT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}")
"""What an ID of Panda looks like, e.g. WGC-1-123abc; nothing that leads elsewhere as a
part of an address (docs/watchguard-api.md#account-id)."""
TRANSACTION_ID = re.compile(r"[!-~]{1,200}")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What JSON can say and no database can store: NUL and halves of surrogate pairs."""
DAMAGE = "\ufffd"
"""U+FFFD REPLACEMENT CHARACTER. It stands for any number of letters."""


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
    """A row of a listing of managed accounts (docs/watchguard-api.md#list-children).

    ``id`` may be anything, as long as it can be stored: see :func:`is_account_id`.
    """

    id: str
    name: str
    type: int


class Children(list[Child]):
    """A listing of managed accounts that is complete and does not contradict itself.

    :param pages: answers that it took. Between two of them an account may have been
        deleted, and the first of the next page have moved to the one before.
    :param requests: how many were made, with the one that has found no more.
    """

    def __init__(
        self, rows: Iterable[Child] = (), pages: int = 1, requests: int = 0
    ) -> None:
        super().__init__(rows)
        self.pages = pages
        self.requests = requests or pages


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


def inconsistent(what: str) -> PandaError:
    """The error for an answer that contradicts itself: what it does not show may exist
    all the same."""
    return PandaError(ErrorKind.OUTAGE, "inconsistent_listing", what)


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


def is_account_id(text: str) -> bool:
    """Whether ``text`` may be the ID of an account of Panda."""
    return ACCOUNT_ID.fullmatch(text) is not None


def storable(text: str) -> str:
    """``text`` with :data:`DAMAGE` in the place of what no database can store."""
    return UNSTORABLE.sub(DAMAGE, text)


def is_clear(text: str) -> bool:
    """Whether ``text`` is there, and has not lost a letter on its way."""
    return bool(text.strip()) and DAMAGE not in text


def text(row: Mapping[str, Any], *names: str, most: int = LONGEST_TEXT) -> str:
    """The first of ``names`` whose value in ``row`` is text or a number, as text that
    can be stored.

    :param most: characters that are kept.
    """
    for name in names:
        value = row.get(name)
        is_plain = isinstance(value, (str, int)) and not isinstance(value, bool)
        if is_plain and value != "":
            return storable(str(value)[:most])
    return ""


def integer(value: Any, default: int = 0) -> int:
    """``value`` as a number, ``default`` when it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default
