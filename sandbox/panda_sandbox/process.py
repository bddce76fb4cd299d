"""A sandbox in a process of its own, for tests, demo and benchmark."""

from __future__ import annotations

import atexit
import os
import selectors
import signal
import subprocess
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

FOLDER = Path(__file__).resolve().parent.parent
READY = "Panda sandbox ready on "
START_SECONDS = 30
STOP_SECONDS = 5


class SandboxProcess:
    """Runs the server for as long as this object, or this process, lives.

    The server watches its standard input, which closes when this process ends in
    whatever way, a SIGKILL included: nothing stays behind.

    :param args: more arguments of the command line, e.g. ``["--latency", "100"]``.
    """

    def __init__(
        self, db_path: str | Path, port: int = 0, args: Sequence[str] = ()
    ) -> None:
        self.db_path = Path(db_path)
        self.port = port
        self.url = ""
        self._args = tuple(args)
        self._process: subprocess.Popen[str] | None = None
        self._session = requests.Session()
        # A proxy of the environment has no business on this machine's own address.
        self._session.trust_env = False

    def __enter__(self) -> SandboxProcess:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running().pid

    def start(self) -> None:
        """Start the server and return when it listens."""
        if self._process:
            raise RuntimeError("the sandbox runs already")
        # The descriptor of our own end is not inherited by other children.
        self._process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "panda_sandbox", "--until-stdin-closes"),
                *("--port", str(self.port), "--db", str(self.db_path)),
                *self._args,
            ],
            env={**os.environ, "PYTHONPATH": str(FOLDER)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _RUNNING.add(self)
        try:
            self.url = self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """Ask the server to stop and wait for it; harmless when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the server with SIGKILL; it has no time to tidy up."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop the server if it runs, and start it on the same port and database."""
        self.stop()
        self.start()

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Call ``/_control`` and return the JSON of the answer.

        :param path: what follows ``/_control``, e.g. ``/requests/count?status=429``.
        """
        self._running()
        response = self._session.request(
            method, f"{self.url}/_control/{path.lstrip('/')}", json=json, timeout=30
        )
        response.raise_for_status()
        return response.json()

    def _running(self) -> subprocess.Popen[str]:
        if not self._process:
            raise RuntimeError("the sandbox does not run")
        return self._process

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(START_SECONDS):
                raise RuntimeError(f"the sandbox took over {START_SECONDS} s to start")
        line = process.stdout.readline()
        if not line.startswith(READY):
            raise RuntimeError(f"the sandbox did not start: {line!r}")
        return line.removeprefix(READY).strip()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if not process:
            return
        _RUNNING.discard(self)
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


_RUNNING: weakref.WeakSet[SandboxProcess] = weakref.WeakSet()
"""Forgotten servers: stopped at exit, should nobody have done it."""


@atexit.register
def _stop_all() -> None:
    for process in list(_RUNNING):
        process.kill()
