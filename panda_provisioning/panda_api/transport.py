"""One connection to Panda: session, token, time-outs, and errors with a class."""

from __future__ import annotations

import ipaddress
import json
import math
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from .answer import Answer, read_answer
from .connection import MaySend, RunningExchange, TimedAdapter
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


class BearerAuth(requests.auth.AuthBase):
    """Adds both credentials of a call, so that they are never call arguments."""

    def __init__(self, token: str, api_key: str) -> None:
        self._token = token
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # White space is what was copied along with the key.
        api_key = "".join(self._api_key.split())
        request.headers["Authorization"] = _as_header(f"Bearer {self._token}")
        request.headers["WatchGuard-API-Key"] = _as_header(api_key)
        return request


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
        self._session = requests.Session()
        # The environment's proxy is looked up once, not for every request, and a
        # .netrc never overrides our own authorization.
        self._session.trust_env = False
        self._session.proxies.update(_environment_proxies(base_url))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.headers["Accept"] = "application/json"
        self._session.headers["Accept-Encoding"] = "gzip"
        self._session.headers["Cache-Control"] = "no-cache"
        # Nothing of one answer is kept for the next request.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = TimedAdapter(pool_connections=1, pool_maxsize=max_connections)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

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
        self._session.close()
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
        try:
            with self._turn(running):
                answer = self._exchange(
                    running,
                    method,
                    path,
                    is_write=is_write,
                    json=payload,
                    params=params,
                    headers={"X-Correlation-ID": correlation_id},
                    auth=BearerAuth(token, self._credentials.api_key),
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
                        self._shown(json.dumps(payload) if payload else "", token),
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
        path: str,
        *,
        is_write: bool,
        **options: Any,
    ) -> Answer:
        """Send one request and read the answer."""
        try:
            with running:
                left = running.left()
                response = self._session.request(
                    method,
                    self.base_url + path,
                    timeout=(min(max(1.0, self.timeout / 3), left), left),
                    allow_redirects=False,
                    stream=True,
                    **options,
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
        credentials = self._credentials
        try:
            with self._turn(running):
                answer = self._exchange(
                    running,
                    "POST",
                    TOKEN_PATH,
                    is_write=False,
                    data={"grant_type": "client_credentials", "scope": "api-access"},
                    auth=(
                        _as_header(credentials.access_id),
                        _as_header(credentials.password),
                    ),
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
    """``text`` so that it goes out in UTF-8; whether it is right, Panda must say."""
    return text.encode().decode("latin-1")


def _environment_proxies(url: str) -> dict[str, str]:
    """The proxies of the environment for ``url``; what is for this machine itself goes
    through none."""
    try:
        host = urlsplit(url).hostname or ""
        return {} if _is_loopback(host) else requests.utils.get_environ_proxies(url)
    except ValueError:
        return {}  # no address at all, as the first request is going to say


def _is_loopback(host: str) -> bool:
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _quotable(error: Exception) -> Exception | None:
    """``error``, unless its words may quote a header and so a secret."""
    return None if isinstance(error, ValueError) else error
