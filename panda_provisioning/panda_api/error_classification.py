"""From what the wire did to an error class; the tables are the specification."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from datetime import timezone
from typing import Any

import requests
import urllib3.exceptions

from .errors import ErrorKind, PandaError

STATUS_ERRORS: dict[int, tuple[ErrorKind, str]] = {
    400: (ErrorKind.DATA, "rejected"),
    401: (ErrorKind.AUTH, "token_refused"),
    403: (ErrorKind.PERMISSION, "forbidden"),
    404: (ErrorKind.DATA, "not_found"),
    409: (ErrorKind.CONFLICT, "conflict"),
    410: (ErrorKind.DATA, "not_found"),
    412: (ErrorKind.CONFLICT, "conflict"),
    413: (ErrorKind.DATA, "rejected"),
    422: (ErrorKind.DATA, "rejected"),
    429: (ErrorKind.THROTTLED, "throttled"),
}
"""Answers that say that nothing was done (docs/watchguard-api.md#status-codes)."""

NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, ValueError)
"""All that requests and what is below it raise."""

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds that a ``Retry-After`` header is believed."""

NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)
"""What urllib3 raises before the request has left the machine."""


def from_status(
    status: int, detail: str, headers: Mapping[str, str], *, write: bool
) -> PandaError:
    """The error for an answer that is not a success.

    A gateway may answer 5xx or 408 for a request that went through, and 303 says
    that one did, so after a write these mean *unknown outcome*.
    """
    if status in STATUS_ERRORS:
        kind, code = STATUS_ERRORS[status]
    elif status >= 500 or status == 408:
        kind, code = ErrorKind.UNKNOWN if write else ErrorKind.OUTAGE, "server_error"
    elif status < 400 and write:
        kind, code = ErrorKind.UNKNOWN, "unexpected_status"
    else:
        kind, code = ErrorKind.PROTOCOL, "unexpected_status"
    return PandaError(
        kind, code, detail, status=status, retry_after=retry_after(headers)
    )


def from_exception(error: Exception, *, write: bool) -> PandaError:
    """The error for a request that got no answer, for one of :data:`NO_ANSWER`."""
    if isinstance(error, ValueError) and not write:
        # An address that cannot be used. After a write it may be that of a redirect,
        # and a bad address of our own is found out when the token is asked for.
        return PandaError(ErrorKind.PROTOCOL, "invalid_url", type(error).__name__)
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NEVER_SENT):
        name = type(reason or error).__name__
        return PandaError(ErrorKind.OUTAGE, "unreachable", name)
    kind = ErrorKind.UNKNOWN if write else ErrorKind.OUTAGE
    code = "timeout" if isinstance(error, requests.Timeout) else "lost_answer"
    return PandaError(kind, code, type(error).__name__)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a ``Retry-After`` header, given as a number or as a date.

    Never more than :data:`LONGEST_RETRY_AFTER`: a slip in a header must not stop a
    system for years.
    """
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (TypeError, ValueError, OverflowError):
            return None
        if not moment.tzinfo:  # what "-0000" is read as
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = moment.timestamp() - time.time()
    if math.isnan(seconds):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER)


def vendor_text(body: Any, fallback: str) -> str:
    """The vendor's words in an error body, whatever its shape, not cut yet."""
    words: list[str] = []
    if isinstance(body, Mapping):
        for name in ("message", "details", "error_description", "error"):
            value = body.get(name)
            if isinstance(value, str) and value and value not in words:
                words.append(value)
    *titles, last = words or [" ".join(fallback.split())]
    return ": ".join([*(title.rstrip(".:") for title in titles), last])
