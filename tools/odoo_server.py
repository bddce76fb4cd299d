"""Odoo: its command line, installing modules, and a server to talk to."""

import os
import subprocess
import time
import urllib.request

from tools import browser, odoo_source, processes
from tools.console import Failure
from tools.paths import DATA, LOGS, PYTHON, ROOT

START_PATIENCE = 120


def odoo_command(server, database, *arguments, python=PYTHON, checkout=ROOT):
    """Return the command line of Odoo for a database.

    :param tools.postgres.Server server: where the database is
    :param str database: its name
    :param arguments: further options of Odoo
    :param python: what runs it
    :param checkout: where our addons are; None if ``python`` has them installed
    """
    folders = [*odoo_source.addons_paths(), *([checkout] if checkout else [])]
    return [
        str(python),
        "-m",
        "odoo",
        *(arguments[:1] if arguments[:1] == ("shell",) else ()),
        *("--config", os.devnull),
        f"--addons-path={','.join(map(str, folders))}",
        *server.odoo_options(),
        *("-d", database),
        f"--db-filter=^{database}$",
        "--no-database-list",
        "--http-interface=127.0.0.1",
        f"--data-dir={DATA}",
        *(arguments[1:] if arguments[:1] == ("shell",) else arguments),
    ]


def subcommand(name, *arguments):
    """Return the command line of a command of Odoo other than its server.

    Where PostgreSQL is, its environment says: see :func:`subcommand_environment`.
    """
    folders = [*odoo_source.addons_paths(), ROOT]
    paths = f"--addons-path={','.join(map(str, folders))}"
    return [str(PYTHON), "-m", "odoo", paths, name, *map(str, arguments)]


def subcommand_environment(server):
    """Return the environment in which a subcommand runs on ``server``."""
    named = {"PGHOST": server.host, "PGPORT": server.port, "PGUSER": server.user}
    return {
        **environment(),
        **{name: value for name, value in named.items() if value},
        "ODOO_RC": os.devnull,
        "ODOO_DATA_DIR": str(DATA),
    }


def environment():
    """Return the environment in which Odoo runs."""
    values = {**os.environ, "PATH": browser.path(), "PYTHONUNBUFFERED": "1"}
    # Odoo would read its options from the file that these name.
    for name in ("ODOO_RC", "OPENERP_SERVER"):
        values.pop(name, None)
    return values


def install(
    server, database, modules, *arguments, log=None, python=PYTHON, checkout=ROOT
):
    """Install modules into a database and stop.

    :param python, checkout: as in :func:`odoo_command`
    :raise Failure: when Odoo does not manage to
    """
    log = log or LOGS / f"install-{database}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = ["-i", ",".join(modules), "--stop-after-init", "--no-http", *arguments]
    with log.open("wb") as output:
        process = subprocess.run(
            odoo_command(server, database, *options, python=python, checkout=checkout),
            env=environment(),
            cwd=checkout or DATA,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if process.returncode:
        text = processes.last_lines(log.read_text(errors="replace"))
        raise Failure(f"Odoo could not install {', '.join(modules)} ({log}):\n{text}")


class OdooServer:
    """A running Odoo, as a context manager.

    :param tools.postgres.Server server: PostgreSQL to use
    :param str database: name of the database
    :param arguments: further options of Odoo
    :param place: ``python`` and ``checkout``, as in :func:`odoo_command`
    """

    def __init__(self, server, database, *arguments, log=None, port=None, **place):
        self.port = port or processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log or LOGS / f"odoo-{database}.log"
        options = [f"--http-port={self.port}", *arguments]
        self.command = odoo_command(server, database, *options, **place)
        self.folder = place.get("checkout", ROOT) or DATA
        self.process = None

    def __enter__(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.process = processes.start(
            self.command, self.log, env=environment(), cwd=self.folder
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error):
        self.stop()

    def stop(self):
        if self.process:
            processes.stop(self.process)
            self.process = None

    def _wait(self):
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return
            time.sleep(0.2)
        text = processes.last_lines(self.log.read_text(errors="replace"))
        raise Failure(f"Odoo did not start ({self.log}):\n{text}")

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5):
                return True
        except OSError:
            return False
