"""Connections of which every exchange ends in time, and no write leaves too late.

A time-out of a socket is one per read, so a server that sends a byte now and then is
never cut by it. Here the time that an exchange has left is set before each step:
resolving the name, connecting, the handshake, sending and each read. Works with
urllib3 1.26 and 2.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests.utils
from urllib3 import HTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NewConnectionError,
)

from .errors import ErrorKind, PandaError

MaySend = Callable[[], bool]

_current = threading.local()


class RunningExchange:
    """One exchange on the wire, from waiting for its turn to the last byte.

    As a context manager it is what the connections of its thread go by.

    :param ends_at: when it is cut, in seconds of ``time.monotonic``.
    :param may_send: asked immediately before the request leaves.
    """

    def __init__(self, ends_at: float, may_send: MaySend | None = None) -> None:
        self.ends_at = ends_at
        self.began_at = 0.0
        """When its turn had come, 0 before."""
        self.sent_at = 0.0
        """When the first byte of the request may have left, 0 if none has."""
        self._may_send = may_send

    def __enter__(self) -> RunningExchange:
        self.began_at = time.monotonic()
        _current.exchange = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del _current.exchange

    def left(self) -> float:
        """Seconds that are left; raises ``TimeoutError`` when there are none."""
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds

    def begin_sending(self) -> None:
        """Note that the request leaves now, or raise :class:`PandaError` if it may
        not."""
        if self._may_send and not self._may_send():
            raise not_sent()
        self.sent_at = time.monotonic()


def not_sent() -> PandaError:
    """The error for a request of which nothing was sent, since it was too late."""
    return PandaError(ErrorKind.OUTAGE, "not_sent")


class _TimedReader(io.RawIOBase):
    """The socket of an answer; no read goes beyond the end of the exchange."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        exchange: RunningExchange = _current.exchange
        self._sock.settimeout(exchange.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        return super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp: Any = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


# mypy does not know that it is mixed into a connection.
_Base: type = HTTPConnection if TYPE_CHECKING else object


class _Timed(_Base):  # type: ignore[misc]
    response_class: Any = _TimedResponse
    _dns_host: Any
    timeout: Any

    def _new_conn(self) -> socket.socket:
        """Try one address after the other, as long as there is time."""
        name, failure = self._dns_host, None
        exchange: RunningExchange = _current.exchange
        try:
            for address in self._resolve(exchange):
                self._dns_host = address
                self.timeout = min(self.timeout, exchange.left())
                try:
                    sock: socket.socket = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
                else:
                    # What the handshake may take as a whole.
                    sock.settimeout(exchange.left())
                    return sock
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        finally:
            self._dns_host = name
        raise failure or NewConnectionError(self, "no address")

    def _resolve(self, exchange: RunningExchange) -> list[str]:
        """The addresses of the host. Nothing can stop the system's resolver, so it is
        asked in a thread of its own."""
        answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()
        host, port = self._dns_host.strip("[]"), self.port

        def ask() -> None:
            try:
                answers.put(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=exchange.left())
        except queue.Empty as error:
            raise TimeoutError("timed out") from error
        if isinstance(answer, UnicodeError):
            raise LocationParseError(host)
        if isinstance(answer, Exception):
            raise NewConnectionError(self, "the name is not known") from answer
        return list(dict.fromkeys(str(row[4][0]) for row in answer))

    def endheaders(self, *args: Any, **options: Any) -> Any:
        """The last moment before a request leaves; everything else is done."""
        if self.sock is None and self.auto_open:
            self.connect()
        _current.exchange.begin_sending()
        return super().endheaders(*args, **options)

    def send(self, data: Any) -> Any:
        if self.sock is not None:
            self.sock.settimeout(_current.exchange.left())
        return super().send(data)


class _TimedHTTPConnection(_Timed, HTTPConnection):
    pass


class _TimedHTTPSConnection(_Timed, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class Connections:
    """The connections to one system, kept open, through the proxy that the environment
    names. Each request is made within a :class:`RunningExchange`.

    :param most: connections that are kept, one per thread that uses them.
    """

    def __init__(self, base_url: str, most: int) -> None:
        self._base_url = base_url
        self._proxy = _find_proxy(base_url)
        self._options: dict[str, Any] = {"num_pools": 1, "maxsize": most, **_trusted()}
        self._lock = threading.Lock()
        self._manager: PoolManager | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None,
        connecting: float,
    ) -> HTTPResponse:
        """Send a request and return its answer, of which no more than the headers was
        read.

        :param connecting: seconds that connecting may take.
        :raise ValueError: for an address, a proxy or a header that cannot be used.
        """
        exchange: RunningExchange = _current.exchange
        left = exchange.left()
        answer: Any = self._get_manager().urlopen(
            method,
            self._base_url + path,
            body=body,
            headers=headers,
            timeout=Timeout(connect=min(connecting, left), read=left),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            enforce_content_length=True,
        )
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close all that are not in use."""
        with self._lock:
            if self._manager:
                self._manager.clear()

    def _get_manager(self) -> PoolManager:
        with self._lock:
            if self._manager is None:
                self._manager = self._open()
            return self._manager

    def _open(self) -> PoolManager:
        if urlsplit(self._base_url).scheme not in POOLS:
            raise ValueError("no address of HTTP")
        if not self._proxy:
            manager = PoolManager(**self._options)
        elif urlsplit(self._proxy).scheme in POOLS:
            headers = make_headers(proxy_basic_auth=_get_login(self._proxy))
            manager = ProxyManager(self._proxy, proxy_headers=headers, **self._options)
        else:
            raise ValueError("SOCKS has connections of its own, without an end")
        manager.pool_classes_by_scheme = POOLS
        return manager


def _trusted() -> dict[str, str]:
    """Whose certificates are good, as the environment says."""
    usual: str = requests.utils.DEFAULT_CA_BUNDLE_PATH
    place = os.environ.get("REQUESTS_CA_BUNDLE") or usual
    kind = "ca_cert_dir" if Path(place).is_dir() else "ca_certs"
    return {"cert_reqs": "CERT_REQUIRED", kind: place}


def _find_proxy(url: str) -> str:
    """The proxy of the environment for ``url``, empty if there is none; what is for
    this machine itself goes through none."""
    try:
        if _is_loopback(urlsplit(url).hostname or ""):
            return ""
        proxies = requests.utils.get_environ_proxies(url)
        proxy = requests.utils.select_proxy(url, proxies) or ""
    except ValueError:
        return ""  # no address at all, as the first request is going to say
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _get_login(proxy: str) -> str | None:
    """Name and password in the address of a proxy, if there are any."""
    name, password = requests.utils.get_auth_from_url(proxy)
    return f"{name}:{password}" if name else None


def _is_loopback(host: str) -> bool:
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
