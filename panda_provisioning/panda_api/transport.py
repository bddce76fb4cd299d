"""One connection to Panda: session, token, time-outs, and errors with a class."""

from __future__ import annotations

import json
import math
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlencode

from .answer import Answer, read_answer
from .connection import Connections, MaySend, RunningExchange
from .credentials import Credentials
from .error_classification import NO_ANSWER, from_exception, from_status, vendor_text
from .errors import ErrorKind, PandaError
from .limiter import Limiter, NoLimit, is_refused, result_of
from .limits import LONGEST_TOKEN, LONGEST_TOKEN_LIFE
from .repeats import DELAYS, QUICK, RetryBudget, may_be_repeated
from .responses import (
    Exchange,
    as_object,
    inconsistent,
    integer,
    storable,
    text,
    unreadable,
)
from .token import TokenCache

TOKEN_PATH = "/oauth/token"  # noqa: S105
TOKEN_REQUEST = "grant_type=client_credentials&scope=api-access"  # noqa: S105
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
COMMON_HEADERS = {
    "Accept": JSON,
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
    "User-Agent": "Odoo Panda Provisioning",
}
UNPRINTABLE = re.compile("[\0-\x1f\x7f]")
SHOWN_CHARACTERS = 2000
QUOTED_CHARACTERS = 300
COMPLETE = 200
"""The status of an answer to a read that is all of it."""
DEFAULT_TOKEN_LIFE = 3600
"""Seconds, when the answer does not say (docs/watchguard-api.md#token-answer)."""

Trace = Callable[[Exchange], None]
T = TypeVar("T")

EXCHANGES_OF_A_CALL = 4
"""Token, request, and both again when the token was refused."""


def longest_call(timeout: float) -> float:
    """Seconds after which :meth:`Transport.request` has ended, whatever happens and
    however often something is repeated.

    What is left of it once a write was allowed to leave is one ``timeout``.
    """
    return EXCHANGES_OF_A_CALL * timeout


class Transport:
    """Sends requests to one Panda system; safe to use from many threads.

    :param base_url: e.g. ``https://api.usa.cloud.watchguard.com``.
    :param max_connections: connections kept open, one per thread that uses it.
    :param limiter: says when a request may leave; is closed at the end.
    :param timeout: seconds that an exchange may take from waiting for its turn to the
        last byte of the answer; connecting may take a third of it.
    :param ends_at: when everything is cut, in seconds of ``time.monotonic``.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        max_connections: int = 1,
        limiter: Limiter | None = None,
        timeout: float = 30,
        ends_at: float = math.inf,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._credentials = credentials
        self.timeout = timeout
        self._ends_at = ends_at
        self.limiter = limiter or NoLimit()
        self._retries = RetryBudget()
        self._token = TokenCache(self._fetch_token)
        self._connections = Connections(self.base_url, max_connections)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connections.close()
        self.limiter.close()

    def authenticate(self, ends_at: float = math.inf) -> None:
        """Fetch a token unless there is one; raises :class:`PandaError`.

        :param ends_at: when it has to end, in seconds of ``time.monotonic``.
        """
        self._token.get(self._until(ends_at))

    def request(
        self,
        method: str,
        path: str,
        *,
        payload: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        may_send: MaySend | None = None,
        ends_at: float = math.inf,
    ) -> Any:
        """Send one request and return its JSON, ``None`` for an empty success.

        A refused token is renewed, once. A request that was one too many is sent again
        when its turn comes, one that was harmless and met a failure that may pass is
        repeated a few times. It all ends within :func:`longest_call`.

        :param may_send: asked immediately before the request leaves, after token,
            limiter and connecting. If it returns false, nothing is sent.
        :param ends_at: when the call has to end, in seconds of ``time.monotonic``.
        :raise PandaError: for everything else than a readable success; ``not_sent``
            if ``may_send`` has said no.
        """

        call_ends = min(time.monotonic() + longest_call(self.timeout), ends_at)

        def send(token: str) -> Any:
            def exchange(running: RunningExchange) -> Any:
                return self._send(method, path, token, payload, params, trace, running)

            return self._repeat(exchange, call_ends, may_send)

        token = self._token.get(self._until(call_ends))
        try:
            return send(token)
        except PandaError as error:
            if error.status != 401:
                raise
        self._token.discard(token)
        return send(self._token.get(self._until(call_ends)))

    def _repeat(
        self,
        exchange: Callable[[RunningExchange], T],
        ends_at: float,
        may_send: MaySend | None = None,
    ) -> T:
        """Return what ``exchange`` returns, once it raises nothing that may pass."""
        delays, failure = iter(DELAYS), None
        self._retries.earn()
        while True:
            running = RunningExchange(self._until(ends_at), may_send)
            try:
                return exchange(running)
            except PandaError as error:
                if _is_harmless(error) and self._may_wait(ends_at):
                    continue  # the limiter says when
                if failure and error.code == "not_sent":
                    raise failure from error
                failure = error
                now = time.monotonic()
                delay = next(delays, math.inf) * random.uniform(0.5, 1.5)
                is_in_time = now + delay < ends_at
                is_quick = now - running.began_at < QUICK * self.timeout
                if not (is_in_time and is_quick and may_be_repeated(error)):
                    raise
                if not self._retries.spend():
                    raise
            time.sleep(delay)

    def _may_wait(self, ends_at: float) -> bool:
        """Whether a refused request may be sent again."""
        return self.limiter.learns and time.monotonic() < ends_at

    def _until(self, ends_at: float) -> float:
        """When an exchange that begins now is cut."""
        return min(time.monotonic() + self.timeout, ends_at, self._ends_at)

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        payload: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
        trace: Trace | None,
        running: RunningExchange,
    ) -> Any:
        correlation_id = str(uuid.uuid4())
        started = time.monotonic()
        answer: Answer | None = None
        failure: PandaError | None = None
        is_write = method != "GET"
        sent = "" if payload is None else json.dumps(payload)
        target = f"{path}?{urlencode(params)}" if params else path
        headers = {
            "Authorization": f"Bearer {token}",
            # White space is what was copied along with the key.
            "WatchGuard-API-Key": "".join(self._credentials.api_key.split()),
            "X-Correlation-ID": correlation_id,
        }
        try:
            with self._turn(running):
                answer = self._exchange(
                    running, method, target, JSON, sent, headers, is_write=is_write
                )
                body = self._checked(answer, token, is_write=is_write)
                self._check_sense(answer.status, body, token, is_write=is_write)
                return body
        except PandaError as error:
            failure = error
            raise
        finally:
            if trace:
                trace(
                    Exchange(
                        method,
                        path,
                        answer.status if answer else None,
                        time.monotonic() - started,
                        correlation_id,
                        self._shown(sent, token),
                        self._shown(answer.text if answer else "", token),
                        failure,
                    )
                )

    @contextmanager
    def _turn(self, running: RunningExchange) -> Iterator[None]:
        """Wait for a turn to do what follows, of whose outcome the limiter hears."""
        self.limiter.wait(running.ends_at)
        result, wait = None, None
        try:
            yield
            result = result_of(None)
        except PandaError as error:
            result, wait = result_of(error), error.retry_after
            raise
        finally:
            self.limiter.note(result, running.sent_at or running.began_at, wait)

    def _exchange(
        self,
        running: RunningExchange,
        method: str,
        target: str,
        media_type: str,
        body: str,
        headers: Mapping[str, str],
        *,
        is_write: bool,
    ) -> Answer:
        """Send one request and read the answer."""
        all_headers = {**COMMON_HEADERS, **headers}
        if body:
            all_headers["Content-Type"] = media_type
        try:
            with running:
                response = self._connections.request(
                    method,
                    target,
                    headers={n: _as_header(each) for n, each in all_headers.items()},
                    body=body.encode() if body else None,
                    connecting=max(1.0, self.timeout / 3),
                )
                return read_answer(response)
        except NO_ANSWER as error:
            failure = from_exception(error, write=is_write, sent=bool(running.sent_at))
            raise failure from _quotable(error)

    def _checked(self, answer: Answer, token: str, *, is_write: bool) -> Any:
        if not answer.is_success:
            detail = self._quoted(vendor_text(answer.body, answer.text), token)
            is_page = bool(answer.problem)
            raise from_status(
                *(answer.status, detail, answer.headers),
                write=is_write,
                is_page=is_page,
            )
        if answer.problem:
            kind = ErrorKind.UNKNOWN if is_write else ErrorKind.PROTOCOL
            detail = self._quoted(vendor_text(answer.body, answer.text), token)
            raise PandaError(kind, "unreadable", detail, status=answer.status)
        return answer.body

    def _check_sense(
        self, status: int, body: Any, token: str, *, is_write: bool
    ) -> None:
        """A success that speaks of an error says nothing about what was asked for,
        whatever stands beside it, and neither does a part of an answer."""
        if isinstance(body, Mapping) and _speaks_of_error(body):
            detail = self._quoted(vendor_text(body, "an error in a success"), token)
            if is_write:
                raise PandaError(ErrorKind.UNKNOWN, "unreadable", detail)
            raise inconsistent(detail)
        if status != COMPLETE and not is_write:
            raise inconsistent(f"status {status}")

    def _fetch_token(self, until: float) -> tuple[str, float]:
        return self._repeat(self._ask_for_token, until)

    def _ask_for_token(self, running: RunningExchange) -> tuple[str, float]:
        """Some answers carry an error in a success.

        See docs/watchguard-api.md#token-answer.
        """
        headers = {"Authorization": f"Basic {self._credentials.pair}"}
        try:
            with self._turn(running):
                answer = self._exchange(
                    *(running, "POST", TOKEN_PATH, FORM, TOKEN_REQUEST, headers),
                    is_write=False,
                )
                body = as_object(self._checked(answer, "", is_write=False))
        except PandaError as error:
            if error.status in (400, 401, 403) and error.code != "blocked":
                error.kind, error.code = ErrorKind.AUTH, "invalid_credentials"
            elif error.kind in (ErrorKind.DATA, ErrorKind.CONFLICT):
                # It is about the address, never about the account of the call.
                error.kind, error.code = ErrorKind.PROTOCOL, "unexpected_status"
            raise
        token = text(body, "access_token", most=LONGEST_TOKEN)
        if not token and "error" in body:
            detail = self._quoted(vendor_text(answer.body, answer.text))
            raise PandaError(ErrorKind.AUTH, "invalid_credentials", detail)
        if not token:
            raise unreadable("the answer holds no access_token")
        life = integer(body.get("expires_in"), DEFAULT_TOKEN_LIFE)
        return token, min(max(life, 0), LONGEST_TOKEN_LIFE)

    def _quoted(self, words: str, token: str = "") -> str:
        """The vendor's words, without secrets; cut last, since a part is one too."""
        return self._shown(storable(words), token)[:QUOTED_CHARACTERS]

    def _shown(self, words: str, token: str) -> str:
        return self._credentials.scrub(words, token)[:SHOWN_CHARACTERS]


def _speaks_of_error(body: Mapping[str, Any]) -> bool:
    """See docs/watchguard-api.md#error-body."""
    has_failed = integer(body.get("code")) >= 400 or body.get("status") == "error"
    return bool(body.get("error") or body.get("errors")) or has_failed


def _is_harmless(error: PandaError) -> bool:
    """Whether a request was one too many and nothing was done by it."""
    return is_refused(error) and error.kind is not ErrorKind.UNKNOWN


def _as_header(text: str) -> str:
    """``text`` so that it goes out in UTF-8; whether it is right, Panda must say.

    :raise ValueError: if it would not stay on its line.
    """
    if UNPRINTABLE.search(text):
        raise ValueError("a control character in a header")
    return text.encode().decode("latin-1")


def _quotable(error: Exception) -> Exception | None:
    """``error``, unless its words may quote a header and so a secret."""
    return None if isinstance(error, ValueError) else error
