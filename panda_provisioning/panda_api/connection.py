"""Connections of which every exchange ends in time, and no write leaves too late.

A time-out of a socket is one per read, so a server that sends a byte now and then is
never cut by it. Here the time that an exchange has left is set before each step:
resolving the name, connecting, the handshake, sending and each read. Works with
urllib3 1.26 and 2.
"""

from __future__ import annotations

import io
import queue
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPResponse
from types import TracebackType
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
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


class _TimedResponse(HTTPResponse):
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


class TimedAdapter(HTTPAdapter):
    """Makes requests within a :class:`RunningExchange`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> Any:
        result = super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS
        return result

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy.lower().startswith("socks"):
            raise InvalidProxyURL("SOCKS has connections of its own, without an end")
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager
