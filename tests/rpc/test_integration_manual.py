"""The examples of ``docs/integration.md`` work as they are written."""

import json
import queue
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tools import addons, databases, odoo_server
from tools.paths import ROOT
from tools.postgres import postgres
from tools.rpc import LOGIN, Odoo

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

ADDONS = ["panda_provisioning", "panda_provisioning_base_automation"]
OTHERS = ["project"]
"""What the examples use besides."""
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
    core = addons.core_modules([addons.own_addon(name) for name in ADDONS])
    with postgres() as server, SandboxProcess(tmp_path / "panda.sqlite") as sandbox:
        sandbox.control("PATCH", "settings", {"pending_seconds": 0})
        database = databases.create(server, "integration", core)
        try:
            odoo_server.install(server, database, [*ADDONS, *OTHERS])
            key = make_key(server, database)
            with odoo_server.OdooServer(server, database) as odoo, listening() as shop:
                Odoo(odoo.url, database).connect_sandbox(sandbox.url)
                yield {
                    "URL": odoo.url,
                    "DATABASE": database,
                    "LOGIN": LOGIN,
                    "KEY": key,
                    "SHOP": shop.url,
                    "received": shop.received,
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


@contextmanager
def listening():
    """A program that keeps the JSON which is posted to it in the queue ``received``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.received.put(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments):
            """Write nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.received = queue.Queue()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_the_examples_work_one_after_the_other(place):
    examples = EXAMPLE.findall(MANUAL.read_text())
    assert len(examples) == 9
    for number, example in enumerate(examples, start=1):
        exec(compile(example, f"{MANUAL.name}, example {number}", "exec"), place)
    check_the_rules(place["call"], place["received"])


def check_the_rules(call, received):
    """Each of the three rules runs for the account that it is about, and once."""
    call("project.project", "create", vals_list=[{"name": "Support"}])
    synchronize_an_account(call, "Good Test", phone="+32 470 12 34 56")
    sent = received.get(timeout=30)
    assert sent["remote_id"].startswith("WGC-")
    synchronize_an_account(call, "Bad Test", phone=False)
    posted = ("model", "=", "discuss.channel"), ("body", "ilike", "phone number")
    assert call("mail.message", "search_count", domain=posted) == 1
    [task] = call(
        *("project.task", "search_read"),
        domain=[("project_id.name", "=", "Support")],
        fields=["name", "description", "partner_id"],
    )
    assert task["name"] == "Bad Test is not in Panda"
    assert "phone number" in task["description"]
    assert task["partner_id"][1] == "Bad Test"
    assert received.empty()


def synchronize_an_account(call, name, **values):
    """Synchronize a new contact, whatever it lacks, as the button does."""
    contact = {"name": name, "email": f"{name[0]}@test.example", **values}
    contacts = call("res.partner", "create", vals_list=[contact])
    account = {"partner_id": contacts[0], "username": name.lower().replace(" ", ".")}
    accounts = call("panda.account", "create", vals_list=[{**account, "role": "user"}])
    call("panda.account", "action_synchronize_now", ids=accounts)
