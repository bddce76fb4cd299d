"""The examples of ``docs/integration.md`` work as they are written."""

import re
import subprocess
import sys

import pytest

from tools import addons, databases, odoo_server
from tools.paths import ROOT
from tools.postgres import postgres
from tools.rpc import LOGIN, Odoo

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

ADDON = "panda_provisioning"
MANUAL = ROOT / "docs/integration.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAKE_KEY = """
user = env.ref("base.user_admin")
expires = user.create_date.replace(year=2999)
keys = env["res.users.apikeys"].with_user(user)
print("KEY", keys._generate("rpc", "A program", expires))
env.cr.commit()
"""


@pytest.fixture
def place(tmp_path):
    """What the examples leave to the reader: an Odoo that is connected to a Panda."""
    core = addons.core_modules([addons.own_addon(ADDON)])
    with postgres() as server, SandboxProcess(tmp_path / "panda.sqlite") as sandbox:
        sandbox.control("PATCH", "settings", {"pending_seconds": 0})
        database = databases.create(server, "integration", core)
        try:
            odoo_server.install(server, database, [ADDON])
            key = make_key(server, database)
            with odoo_server.OdooServer(server, database) as odoo:
                Odoo(odoo.url, database).connect_sandbox(sandbox.url)
                yield {
                    "URL": odoo.url,
                    "DATABASE": database,
                    "LOGIN": LOGIN,
                    "KEY": key,
                }
        finally:
            databases.drop(server, database)


def make_key(server, database):
    """Return a new API key of the administrator."""
    done = subprocess.run(
        odoo_server.odoo_command(server, database, "shell", "--no-http"),
        env=odoo_server.environment(),
        input=MAKE_KEY,
        check=True,
        capture_output=True,
        text=True,
    )
    return re.search(r"KEY (\w+)", done.stdout)[1]


def test_the_examples_work_one_after_the_other(place):
    examples = EXAMPLE.findall(MANUAL.read_text())
    assert len(examples) == 5
    for number, example in enumerate(examples, start=1):
        exec(compile(example, f"{MANUAL.name}, example {number}", "exec"), place)
