"""Databases of Odoo in which the addons come and go, beside a Panda that stays."""

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent

import pytest

from tools import databases, odoo_log, odoo_server, processes
from tools.paths import LOGS, ROOT
from tools.postgres import postgres

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

BAD = ("WARNING", "ERROR", "CRITICAL")


@dataclass
class Database:
    """A database of Odoo, and what its administrators do, which must succeed."""

    server: object
    name: str

    def install(self, *modules):
        self._execute_quietly(self._get_command("install", modules))

    def upgrade(self, *modules):
        log = self._log(self._execute(self._get_command("upgrade", modules)))
        # The command starts with the old schema, and says so.
        bad = [r for r in odoo_log.read_records(log) if r.level in BAD]
        assert [r.full() for r in bad if r.logger != "odoo.schema"] == []

    def uninstall(self, *modules):
        self._execute_quietly(self._get_command("uninstall", modules))

    def _get_command(self, what, modules):
        return odoo_server.subcommand("module", what, "-d", self.name, *modules)

    def run(self, script, *options, **values):
        """Run ``script`` in the shell of Odoo, then commit.

        :param options: further options of Odoo
        :param values: variables of the script
        :return: what the script leaves in ``result``
        """
        command = odoo_server.odoo_command(
            self.server, self.name, "shell", "--no-http", *options
        )
        lines = (
            "import json",
            f"globals().update(json.loads({json.dumps(values)!r}))",
            "result = None",
            dedent(script),
            "env.cr.commit()",
            "print(json.dumps(result))",
        )
        return json.loads(self._execute_quietly(command, "\n".join(lines)))

    def panda(self, *arguments):
        """Run ``odoo panda`` and return what it tells as JSON."""
        command = odoo_server.subcommand("panda", *arguments, "-d", self.name, "--json")
        return json.loads(self._execute(command).stdout)

    def select(self, statement, *values):
        return self.server.execute(statement, *values, database=self.name)

    def installed(self):
        """Return the names of the modules that are installed."""
        names = "SELECT name FROM ir_module_module WHERE state = 'installed'"
        return {name for (name,) in self.select(names)}

    def _execute_quietly(self, command, script=""):
        """Run a command that logs no warning, and return its output."""
        done = self._execute(command, script)
        assert odoo_log.find_noise(self._log(done)) == ""
        return done.stdout

    def _log(self, done):
        """Keep the log of a command and return its file."""
        log = LOGS / f"{self.name}.log"
        log.write_text(done.stderr)
        return log

    def _execute(self, command, script=""):
        done = subprocess.run(
            command,
            env=odoo_server.subcommand_environment(self.server),
            cwd=ROOT,
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, processes.last_lines(done.stderr + done.stdout)
        return done


@dataclass
class Panda:
    """The Panda of these tests: what is in it stays when the addons go."""

    sandbox: SandboxProcess

    @property
    def url(self):
        return self.sandbox.url

    def tenants(self):
        """Return name, ID and parent of all that is below the root account."""
        tenants = self.sandbox.control("GET", "state")["tenants"]
        return sorted(
            (tenant["name"], tenant["accountId"], tenant["parentId"])
            for tenant in tenants
            if tenant["tier"] > 1
        )

    def operators(self):
        return sorted(
            operator["username"]
            for operator in self.sandbox.control("GET", "state")["operators"]
        )


@pytest.fixture(scope="session")
def server():
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(server):
    """A context manager that makes a database with modules of Odoo, or a copy."""

    @contextmanager
    def make(name, modules=(), source=None):
        name = f"lifecycle_{name}"
        if source:
            database = databases.copy(server, source.name, name)
        else:
            database = databases.create(server, name, modules)
        try:
            yield Database(server, database)
        finally:
            databases.drop(server, database)

    return make


@pytest.fixture(scope="session")
def installed(new_database):
    """Odoo with *Sales* but without automation rules, in which *Panda Provisioning* was
    installed and nothing else."""
    core = ("contacts", "mail", "phone_validation", "sale")
    with new_database("installed", core) as database:
        assert "base_automation" not in database.installed()
        database.install("panda_provisioning")
        yield database


@pytest.fixture(scope="module")
def panda(tmp_path_factory):
    file = tmp_path_factory.mktemp("lifecycle") / "panda.sqlite"
    with SandboxProcess(file) as sandbox:
        sandbox.control("PATCH", "settings", {"pending_seconds": 0})
        yield Panda(sandbox)
