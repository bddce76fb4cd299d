"""A measured process, and the line to it."""

import json
import os
import select
import signal
import socket
import sys

from tools import odoo_server, processes
from tools.console import Failure
from tools.paths import LOGS, ROOT

SAMPLE_SECONDS = 1
"""Between two looks at the memory of a process that works."""


class Program:
    """``bench.inside.MODULE`` in a process of its own, as a context manager.

    It ends when this process ends, in whatever way.

    :param options: of Odoo's command line; without them the process has no Odoo
    """

    def __init__(self, module, options=()):
        self._module = module
        self._options = options
        self._log = LOGS / f"bench-{module}.log"
        self._process = None
        self._line = None
        self._peer = None

    def __enter__(self):
        self._line, theirs = socket.socketpair()
        self._peer = self._line.makefile("rw")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        with theirs:
            self._process = processes.start(
                [
                    *(sys.executable, "-W", "ignore", "-m", "bench.inside.loop"),
                    *(self._module, theirs.fileno(), *self._options),
                ],
                self._log,
                death_signal=signal.SIGKILL,
                pass_fds=[theirs.fileno()],
                env=_environment(),
                cwd=ROOT,
            )
        try:
            self._receive()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        for end in (self._peer, self._line):
            end.close()
        processes.stop(self._process)

    @property
    def pid(self):
        """Process id."""
        return self._process.pid

    def call(self, name, **values):
        """Call a function of the module and return what it returns."""
        self.send(name, **values)
        return self._receive()

    def send(self, name, **values):
        """Have a function called; :meth:`watch` waits for it."""
        self._peer.write(json.dumps({"call": name, "values": values}) + "\n")
        self._peer.flush()

    def watch(self, memory):
        """Wait for the function that was called, and sample ``memory`` meanwhile."""
        while not self.has_returned(SAMPLE_SECONDS):
            memory.sample()
        memory.sample()
        return self.get_result()

    def has_returned(self, seconds):
        """Whether the function that was called returns within ``seconds``."""
        return bool(select.select([self._line], [], [], max(0, seconds))[0])

    def get_result(self):
        """Wait for what the function that was called returns."""
        return self._receive()

    def _receive(self):
        text = self._peer.readline()
        if not text:
            raise Failure(f"A measured process has ended.\n{self._last_words()}")
        answer = json.loads(text)
        if answer["error"]:
            raise Failure(f"In a measured process:\n{answer['error']}")
        return answer["result"]

    def _last_words(self):
        return processes.last_lines(self._log.read_text(errors="replace"))


def odoo_program(module, server, database, *arguments):
    """Return a :class:`Program` with Odoo on ``database`` inside."""
    options = ("--no-http", "--log-level=warn", *arguments)
    command = odoo_server.odoo_command(server, database, *options)
    return Program(module, command[3:])  # without: python -m odoo


def _environment():
    values = odoo_server.environment()
    values["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "sandbox")])
    return values
