"""One connection to Panda: session, token, time-outs, and errors with a class."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from .credentials import Credentials
from .error_classification import NO_ANSWER, from_exception, from_status, vendor_text
from .errors import ErrorKind, PandaError
from .limiter import RateLimiter
from .responses import Exchange, as_object, integer, text, unreadable
from .token import TokenCache

TOKEN_PATH = "/oauth/token"  # noqa: S105
SHOWN_CHARACTERS = 2000
QUOTED_CHARACTERS = 300
DEFAULT_TOKEN_LIFE = 3600
"""Seconds, when the answer does not say (docs/watchguard-api.md#token-answer)."""

Trace = Callable[[Exchange], None]
MaySend = Callable[[], bool]


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
    :param requests_per_second: 0 means no limit.
    :param timeout: seconds an answer may take; connecting may take a third of it.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        max_connections: int = 1,
        requests_per_second: float = 0,
        timeout: float = 30,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._timeout = (max(1.0, timeout / 3), timeout)
        self._limiter = RateLimiter(requests_per_second)
        self._token = TokenCache(self._fetch_token)
        self._session = requests.Session()
        # The environment's proxy is looked up once, not for every request, and a
        # .netrc never overrides our own authorization.
        self._session.trust_env = False
        self._session.proxies.update(_environment_proxies(base_url))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.headers["Accept"] = "application/json"
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=max_connections)
        self._session.mount(self.base_url, adapter)

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

    def authenticate(self) -> None:
        """Fetch a token unless there is one; raises :class:`PandaError`."""
        self._token.get()

    def request(
        self,
        method: str,
        path: str,
        *,
        payload: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        may_send: MaySend = lambda: True,
    ) -> Any:
        """Send one request and return its JSON, ``None`` for an empty success.

        A refused token is renewed and the request repeated, once.

        :param may_send: asked immediately before the request leaves, when token and
            turn have been waited for. If it returns false, nothing is sent.
        :raise PandaError: for everything else than a readable success; ``not_sent``
            if ``may_send`` has said no.
        """
        token = self._token.get()
        try:
            return self._send(method, path, token, payload, params, trace, may_send)
        except PandaError as error:
            if error.status != 401:
                raise
        self._token.discard(token)
        token = self._token.get()
        return self._send(method, path, token, payload, params, trace, may_send)

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        payload: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
        trace: Trace | None,
        may_send: MaySend,
    ) -> Any:
        correlation_id = str(uuid.uuid4())
        self._limiter.wait()
        if not may_send():
            raise PandaError(ErrorKind.OUTAGE, "not_sent")
        started = time.monotonic()
        response: requests.Response | None = None
        failure: PandaError | None = None
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=payload,
                params=params,
                headers={"X-Correlation-ID": correlation_id},
                auth=BearerAuth(token, self._credentials.api_key),
                timeout=self._timeout,
                allow_redirects=False,
            )
            return self._read(response, token, write=method != "GET")
        except NO_ANSWER as error:
            failure = from_exception(error, write=method != "GET")
            raise failure from _quotable(error)
        except PandaError as error:
            failure = error
            raise
        finally:
            if trace:
                trace(
                    Exchange(
                        method,
                        path,
                        None if response is None else response.status_code,
                        time.monotonic() - started,
                        correlation_id,
                        self._shown(json.dumps(payload) if payload else "", token),
                        self._shown("" if response is None else response.text, token),
                        failure,
                    )
                )

    def _read(self, response: requests.Response, token: str, *, write: bool) -> Any:
        body: Any = None
        readable = True
        if response.content:
            try:
                body = response.json()
            except (ValueError, RecursionError):
                readable = False
        if not 200 <= response.status_code < 300:
            detail = self._quoted(body, response.text, token)
            raise from_status(
                response.status_code, detail, response.headers, write=write
            )
        if not readable:
            kind = ErrorKind.UNKNOWN if write else ErrorKind.PROTOCOL
            raise PandaError(
                kind,
                "unreadable",
                self._quoted(None, response.text, token),
                status=response.status_code,
            )
        return body

    def _fetch_token(self) -> tuple[str, float]:
        """Some answers carry an error in a success.

        See docs/watchguard-api.md#token-answer.
        """
        credentials = self._credentials
        self._limiter.wait()
        try:
            response = self._session.post(
                self.base_url + TOKEN_PATH,
                data={"grant_type": "client_credentials", "scope": "api-access"},
                auth=(
                    _as_header(credentials.access_id),
                    _as_header(credentials.password),
                ),
                timeout=self._timeout,
                allow_redirects=False,
            )
            body = self._read(response, "", write=False)
        except NO_ANSWER as error:
            raise from_exception(error, write=False) from _quotable(error)
        except PandaError as error:
            if error.status in (400, 401, 403):
                error.kind, error.code = ErrorKind.AUTH, "invalid_credentials"
            elif error.kind in (ErrorKind.DATA, ErrorKind.CONFLICT):
                # It is about the address, never about the account of the call.
                error.kind, error.code = ErrorKind.PROTOCOL, "unexpected_status"
            if (error.status or 0) < 300:
                error.detail = ""  # it may be half of an answer with a token
            raise
        answer = as_object(body)
        token = text(answer, "access_token")
        if not token and "error" in answer:
            detail = self._quoted(answer, "", "")
            raise PandaError(ErrorKind.AUTH, "invalid_credentials", detail)
        if not token:
            raise unreadable("the answer holds no access_token")
        life = integer(answer.get("expires_in"), DEFAULT_TOKEN_LIFE)
        return token, life

    def _quoted(self, body: Any, fallback: str, token: str) -> str:
        """The vendor's words, without secrets; cut last, since a part is one too."""
        return self._shown(vendor_text(body, fallback), token)[:QUOTED_CHARACTERS]

    def _shown(self, words: str, token: str) -> str:
        return self._credentials.scrub(words, token)[:SHOWN_CHARACTERS]


def _as_header(text: str) -> str:
    """``text`` so that it goes out in UTF-8; whether it is right, Panda must say."""
    return text.encode().decode("latin-1")


def _environment_proxies(url: str) -> dict[str, str]:
    try:
        return requests.utils.get_environ_proxies(url)
    except ValueError:
        return {}  # no address at all, as the first request is going to say


def _quotable(error: Exception) -> Exception | None:
    """``error``, unless its words may quote a header and so a secret."""
    return None if isinstance(error, ValueError) else error
