"""The HTTP server: a socket of its own, a ready line, connections that can drop."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

READY = "Panda sandbox ready on "
KEEP_ALIVE_SECONDS = 75
"""As long as gateways of that kind keep idle connections."""


class DroppableProtocol(HttpToolsProtocol):
    """Hands the connection to the app, which may have to drop it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport


class Server(uvicorn.Server):
    """Says when it listens, and stops with the process that started it if asked."""

    def __init__(
        self, config: uvicorn.Config, url: str, *, until_stdin_closes: bool
    ) -> None:
        super().__init__(config)
        self._url = url
        self._until_stdin_closes = until_stdin_closes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._until_stdin_closes:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._stop)
        print(f"{READY}{self._url}", flush=True)  # noqa: T201

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def serve(app: ASGIApp, listener: socket.socket, *, until_stdin_closes: bool) -> None:
    """Serve ``app`` until told to stop."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    Server(config, url, until_stdin_closes=until_stdin_closes).run([listener])
