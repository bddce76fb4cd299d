"""Access tokens and audiences (docs/watchguard-api.md#token)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass

from .settings import PASSWORDS, READ_WRITE_ID


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for: the top of the tree it may touch, and how."""

    root_id: str
    may_write: bool


class Tokens:
    """Issues tokens and knows their callers; in memory, so a restart ends them."""

    def __init__(self) -> None:
        self._callers: dict[str, tuple[Caller, float]] = {}

    def issue(self, access_id: str, root_id: str, seconds: float) -> str:
        """A new token of an Access ID for the tree below ``root_id``."""
        token = secrets.token_urlsafe(32)
        caller = Caller(root_id, access_id == READ_WRITE_ID)
        self._callers[token] = (caller, time.monotonic() + seconds)
        return token

    def caller(self, token: str) -> Caller | None:
        """Who a token speaks for, ``None`` when it is unknown or has expired."""
        caller, expires = self._callers.get(token, (None, 0.0))
        if caller and time.monotonic() < expires:
            return caller
        self.expire(token)
        return None

    def expire(self, token: str) -> None:
        """Make a token worthless."""
        self._callers.pop(token, None)

    def reset(self) -> None:
        """Make all tokens worthless."""
        self._callers.clear()


def access_id_of(authorization: str) -> str | None:
    """The Access ID of a valid ``Authorization: Basic`` header."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        access_id, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    expected = PASSWORDS.get(access_id, "")
    if expected and hmac.compare_digest(password.encode(), expected.encode()):
        return access_id
    return None


def bearer_of(authorization: str) -> str:
    """The token of an ``Authorization: Bearer`` header, empty when there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def audience_for(account_id: str) -> str:
    """The audience of an account; it stays good for as long as the account."""
    return base64.urlsafe_b64encode(f"audience:{account_id}".encode()).decode()


def account_of(audience: str) -> str:
    """The account ID of an audience, empty when it is none of ours."""
    try:
        text = base64.urlsafe_b64decode(audience.encode()).decode()
    except (binascii.Error, UnicodeError):
        return ""
    kind, _, account_id = text.partition(":")
    return account_id if kind == "audience" else ""
