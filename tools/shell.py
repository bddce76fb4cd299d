"""``make shell``: an interactive Odoo shell on a database of this checkout.

``DB`` names the database (default: the one of ``make demo``); a new one is made when
there is none. ``CMD`` runs a command instead, with PostgreSQL up, the PG* variables set
and this environment's programs on the PATH.
"""

import os
import subprocess

from tools import addons, databases, odoo_server, processes, python_packages, runtime
from tools.console import run_main
from tools.postgres import is_given, postgres, programs


def main():
    processes.exit_on_signals()
    runtime.ensure()
    with postgres() as server:
        if os.environ.get("CMD"):
            return _run_command(server, os.environ["CMD"])
        return _open_shell(server, server.prefix + os.environ.get("DB", "demo"))


def _open_shell(server, database):
    if not server.database_exists(database):
        ours = addons.own_addons()
        name = database.removeprefix(server.prefix)
        databases.create(server, name, addons.core_modules(ours))
        odoo_server.install(server, database, [addon.name for addon in ours])
    command = odoo_server.odoo_command(server, database, "shell", "--no-http")
    return _run(command, odoo_server.environment())


def _run_command(server, command):
    named = {"PGHOST": server.host, "PGPORT": server.port, "PGUSER": server.user}
    environment = python_packages.environment()
    if not is_given():
        environment["PATH"] = f"{programs()}{os.pathsep}{environment['PATH']}"
    environment.setdefault("PGDATABASE", "postgres")
    environment.update({key: value for key, value in named.items() if value})
    return _run(["bash", "-c", command], environment)


def _run(command, environment):
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    run_main(main)
