"""Owner of the embedded PostgreSQL: starts it, and stops it when nobody uses it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tools import processes
from tools.console import Failure, run_main
from tools.paths import LOGS, POSTGRES
from tools.postgres import CONNECTION, USERS, programs

DATA = POSTGRES / "data"
PORT = "5432"
OWNER = "postgres"
ROLE = "odoo"
NOBODY = 65534
# A Unix socket's path may have 107 bytes.
LONGEST_FOLDER = 107 - len(f"/.s.PGSQL.{PORT}.lock")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Nothing here has to survive a power failure.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def main():
    processes.exit_on_signals()
    with USERS.open("a") as users:
        binaries = programs()
        as_user = _unprivileged(binaries)
        _initialise(as_user, binaries)
        sockets = _socket_folder(as_user)
        server = _start(as_user, binaries, sockets)
        try:
            _create_role(binaries, sockets, server)
            _publish(sockets)
            _wait_until_unused(users, server)
        finally:
            _stop(server)
            CONNECTION.unlink(missing_ok=True)
            if not sockets.is_relative_to(POSTGRES):
                shutil.rmtree(sockets, ignore_errors=True)
    return 0


def _unprivileged(binaries):
    """Return the command prefix under which PostgreSQL agrees to run.

    It refuses to run as root. In a user namespace root carries another number and
    keeps its files. Where there are no user namespaces, ``nobody`` runs the server,
    who must be able to reach the folders.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if _works([*namespace, "true"]):
        return namespace
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if _works([*nobody, binaries / "postgres", "--version"]):
        DATA.mkdir(parents=True, exist_ok=True)
        if DATA.stat().st_uid != NOBODY:
            processes.run(["chown", "-R", f"{NOBODY}:{NOBODY}", DATA], failed="chown")
        return nobody
    raise Failure(
        f"PostgreSQL does not run as root, and no other user can enter {POSTGRES}. "
        "Work as an ordinary user, or set PGHOST, PGPORT and PGUSER to an existing "
        "server."
    )


def _works(command):
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0


def _initialise(as_user, binaries):
    if (DATA / "initialised").exists():
        return
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(mode=0o700, parents=True)
    _give_away(DATA, as_user)
    options = ["-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    processes.run(
        [*as_user, binaries / "initdb", "-D", DATA, *options],
        failed="The database cluster could not be made; is the disk full?",
        cwd="/",
    )
    (DATA / "initialised").touch()


def _give_away(folder, as_user):
    if "setpriv" in as_user:
        os.chown(folder, NOBODY, NOBODY)


def _socket_folder(as_user):
    """Return a folder that only we can enter and whose name is short enough."""
    folder = POSTGRES / "socket"
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        folder = Path(tempfile.mkdtemp(prefix="panda-"))
    folder.mkdir(mode=0o700, exist_ok=True)
    _give_away(folder, as_user)
    return folder


def _start(as_user, binaries, sockets):
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    program = [*as_user, binaries / "postgres", "-D", DATA, "-p", PORT, "-k", sockets]
    # SIGINT asks PostgreSQL for a fast shutdown.
    return processes.start(
        [*program, *settings],
        LOGS / "postgres-server.log",
        death_signal=signal.SIGINT,
        cwd="/",
    )


def _create_role(binaries, sockets, server):
    """Make Odoo's role, as soon as the server answers."""
    psql = [binaries / "psql", "-h", sockets, "-p", PORT, "-U", OWNER, "-d", "postgres"]
    script = (
        f"SELECT 'CREATE ROLE {ROLE} LOGIN CREATEDB'"
        f" WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') \\gexec"
    )
    command = [str(part) for part in [*psql, "-qX", "-v", "ON_ERROR_STOP=1"]]
    for _attempt in range(300):
        if server.poll() is not None:
            break
        done = subprocess.run(command, input=script.encode(), check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise Failure(f"PostgreSQL does not answer; see {LOGS / 'postgres-server.log'}")


def _publish(sockets):
    found = {"host": str(sockets), "port": PORT, "user": ROLE, "keeper": os.getpid()}
    draft = CONNECTION.with_suffix(".new")
    draft.write_text(json.dumps(found))
    draft.rename(CONNECTION)


def _wait_until_unused(users, server):
    while server.poll() is None:
        time.sleep(0.5)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return


def _stop(server):
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
    processes.stop(server)


if __name__ == "__main__":
    sys.path.insert(0, "")
    run_main(main)
