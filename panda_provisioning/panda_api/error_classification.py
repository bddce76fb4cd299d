"""From what the wire did to an error class; the tables are the specification."""

from __future__ import annotations

import email.utils
import http.client
import math
import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import timezone
from typing import Any

import urllib3.exceptions

from .errors import ErrorKind, PandaError
from .limits import LONGEST_RETRY_AFTER, LONGEST_TEXT, LONGEST_WORDS
from .responses import storable

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

DEEPEST_WORDS, MOST_WORDS = 4, 5
"""How far down, and how many of a list, words are looked for in an error."""

NO_ANSWER = (OSError, urllib3.exceptions.HTTPError, ValueError)
"""All that urllib3 and what is below it raise."""

TIMEOUTS = (TimeoutError, urllib3.exceptions.TimeoutError)


def from_status(
    status: int,
    detail: str,
    headers: Mapping[str, str],
    *,
    write: bool,
    is_page: bool = False,
) -> PandaError:
    """The error for an answer that is not a success.

    :param is_page: whether it is no JSON, whatever it says that it is.

    A gateway may answer 5xx or 408 for a request that went through, and 303 says
    that one did, so after a write these mean *unknown outcome*.
    """
    if status == 403 and is_page:
        # A page is of a firewall, not of Panda (docs/watchguard-api.md#permission). It
        # dislikes the data of a write; of a read it can dislike only who asks.
        kind, code = ErrorKind.DATA if write else ErrorKind.OUTAGE, "blocked"
    elif status in STATUS_ERRORS:
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


def from_exception(error: Exception, *, write: bool, sent: bool) -> PandaError:
    """The error for a request that got no answer, for one of :data:`NO_ANSWER`.

    :param sent: whether any of it may have left; if not, nothing was done.
    """
    name = type(error).__name__
    if not sent:
        reason = error.args[-1] if error.args else None
        if isinstance(error, urllib3.exceptions.SSLError):
            words = _certificate_fault(reason)
            if words:
                words = storable(words)[:LONGEST_TEXT]
                return PandaError(ErrorKind.OUTAGE, "certificate", words)
        # An address that cannot be used.
        if isinstance(error, ValueError) or isinstance(reason, http.client.InvalidURL):
            return PandaError(ErrorKind.PROTOCOL, "invalid_url", name)
        return PandaError(ErrorKind.OUTAGE, "unreachable", name)
    kind = ErrorKind.UNKNOWN if write else ErrorKind.OUTAGE
    code = "timeout" if _is_timeout(error) else "lost_answer"
    return PandaError(kind, code, name)


def _certificate_fault(reason: object) -> str:
    """What is wrong with a certificate, in words, empty if nothing is.

    urllib3 1.26 compares the host names itself, with an exception of its own.
    """
    if isinstance(reason, ssl.SSLCertVerificationError):
        return str(reason.verify_message)
    return f"Hostname mismatch: {reason}" if isinstance(reason, ValueError) else ""


def _is_timeout(error: BaseException | None) -> bool:
    """Whether the time was up; while sending, urllib3 takes that for a connection that
    broke."""
    while error and not isinstance(error, TIMEOUTS):
        error = error.__cause__ or error.__context__
    return error is not None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a ``Retry-After`` header, given as a number or as a date.

    Never more than ``LONGEST_RETRY_AFTER``: neither a slip in a header nor a server
    that says so each time may stop a system for hours.
    """
    value = headers.get("Retry-After", "")[:100]
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
    """The vendor's words in an error body, whatever its shape; cut so far only that it
    can still be seen whether a secret begins in what is shown of them."""
    words = _words(body, DEEPEST_WORDS) if isinstance(body, Mapping) else ()
    *titles, last = list(dict.fromkeys(words)) or [" ".join(fallback.split())]
    return ": ".join([*(title.rstrip(".:") for title in titles), last])[:LONGEST_WORDS]


def _words(value: Any, depth: int) -> Iterator[str]:
    """The texts in ``value`` that say what is wrong, in the order of importance."""
    if isinstance(value, str) and value:
        yield value[:LONGEST_WORDS]
    elif isinstance(value, Mapping) and depth:
        for name in ("message", "details", "error_description", "error", "errors"):
            yield from _words(value.get(name), depth - 1)
    elif isinstance(value, list) and depth:
        for each in value[:MOST_WORDS]:
            yield from _words(each, depth - 1)
