"""A server that writes to its sockets what it likes, for as long as it likes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

Behaviour = Callable[["Visit"], None]

PACE = 0.05
"""Seconds between two bytes of what drips."""


class Visit:
    """One request and the socket on which it came."""

    def __init__(self, sock: socket.socket, line: str, headers: str) -> None:
        self.sock = sock
        self.line = line
        self.headers = headers
        self.arrived_at = time.monotonic()

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes) -> None:
        """One byte now and then, so that no single read ever times out."""
        for index in range(len(data)):
            self.say(data[index : index + 1])
            time.sleep(PACE)

    def answer(self, body: object, status: int = 200, *headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        length = f"Content-Length: {len(content)}"
        head = "\r\n".join((f"HTTP/1.1 {status} X", *headers, length, "", ""))
        self.say(head.encode() + content)


def good_token(visit: Visit) -> None:
    visit.answer({"access_token": "t0ken", "expires_in": 3600})


def good_account(visit: Visit) -> None:
    visit.answer({"accountId": "WGC-1", "name": "Acme", "type": 2})


class RawServer:
    """Does to each request what it was told to do.

    ``token`` is done to requests for a token, ``call`` to all others, ``hello`` to each
    connection before anything is read.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.token: Behaviour = good_token
        self.call: Behaviour = good_account
        self.hello: Callable[[socket.socket], None] = lambda _sock: None
        self.visits: list[Visit] = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.close()

    @property
    def calls(self) -> list[Visit]:
        """The requests that did not ask for a token."""
        return [each for each in self.visits if "/oauth/token" not in each.line]

    def writes(self) -> list[Visit]:
        """The calls that are no reads."""
        return [each for each in self.calls if not each.line.startswith("GET")]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), sock:
            self.hello(sock)
            if self._context:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock:
                for visit in self._visits(sock):
                    self.visits.append(visit)
                    is_token = "/oauth/token" in visit.line
                    (self.token if is_token else self.call)(visit)

    def _visits(self, sock: socket.socket) -> Iterator[Visit]:
        incoming = sock.makefile("rb")
        while line := incoming.readline():
            headers = "".join(iter(lambda: incoming.readline().decode(), "\r\n"))
            _before, _name, length = headers.lower().partition("content-length:")
            if length:
                incoming.read(int(length.split()[0]))
            yield Visit(sock, line.decode(), headers)
