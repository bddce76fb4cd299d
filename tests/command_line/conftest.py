"""A database with contacts, a local Panda, and ``odoo panda`` as a program."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tools import addons, databases, odoo_server
from tools.paths import ROOT
from tools.postgres import postgres
from tools.rpc import system_values

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

ADDON = "panda_provisioning"
GROUPS = {
    "counted": 2,
    "few": 3,
    "broken": 2,
    "refused": 1,
    "outage": 2,
    "many": 40,
    "terminal": 3,
}
"""Contacts of each group, found by their internal reference."""

CONTACTS = """
values = {values!r}
env["panda.system"].create({{**values, "max_connections": 4, "search_delay": 0}})
for group, count in {groups!r}.items():
    env["res.partner"].create([
        {{
            "name": f"Contact {{group}} {{i}}",
            "email": f"{{group}}{{i}}@example.com",
            "phone": "" if group == "broken" and i else f"+32 470 {{i:06}}",
            "ref": group,
            "country_id": env.ref("base.be").id,
        }}
        for i in range(count)
    ])
env.cr.commit()
"""


@dataclass
class CommandLine:
    """``odoo panda`` on one database, beside its Panda."""

    server: object
    database: str
    sandbox: SandboxProcess

    def run(self, *arguments, database=None):
        """Run it to its end; its output holds no secret."""
        database = database or self.database
        done = subprocess.run(
            odoo_server.subcommand("panda", *arguments, "-d", database),
            env=odoo_server.subcommand_environment(self.server),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for name in ("access_password", "api_key"):
            assert system_values("")[name] not in done.stdout + done.stderr
        return done

    def read(self, *arguments):
        """Run it and return its exit status and the JSON it prints."""
        done = self.run(*arguments, "--json")
        return done.returncode, json.loads(done.stdout)

    def start(self, *arguments, **streams):
        """Start it and return the process."""
        return subprocess.Popen(
            odoo_server.subcommand("panda", *arguments, "-d", self.database),
            env=odoo_server.subcommand_environment(self.server),
            text=True,
            **streams,
        )

    def execute(self, statement, *values):
        return self.server.execute(statement, *values, database=self.database)

    def tenants(self):
        tenants = self.sandbox.control("GET", "state")["tenants"]
        return [tenant for tenant in tenants if tenant["tier"] > 1]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command_line")
    core = addons.core_modules([addons.own_addon(ADDON)])
    with postgres() as server, SandboxProcess(folder / "panda.sqlite") as sandbox:
        database = databases.create(server, "command_line", core)
        try:
            odoo_server.install(server, database, [ADDON])
            _make_contacts(server, database, sandbox.url)
            yield CommandLine(server, database, sandbox)
        finally:
            databases.drop(server, database)


@pytest.fixture
def panda(prepared):
    """``odoo panda`` beside a Panda without faults that answers at once."""
    prepared.sandbox.control("DELETE", "faults")
    settings = {"pending_seconds": 0, "latency_ms": 0}
    prepared.sandbox.control("PATCH", "settings", settings)
    return prepared


@pytest.fixture(scope="session")
def bare_database(prepared):
    """The name of an Odoo database without the addon."""
    name = databases.create(
        prepared.server,
        "command_line_bare",
        addons.core_modules([addons.own_addon(ADDON)]),
    )
    yield name
    databases.drop(prepared.server, name)


def _make_contacts(server, database, url):
    script = CONTACTS.format(values=system_values(url), groups=GROUPS)
    subprocess.run(
        odoo_server.odoo_command(server, database, "shell", "--no-http"),
        env=odoo_server.environment(),
        input=script.encode(),
        check=True,
        capture_output=True,
    )
