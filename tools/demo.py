"""``make demo``: the main job on real parts, then a place to look around.

SERVE=0 stops after the table, RESET=1 begins anew.
"""

import os
import shutil
import signal
import sys
from contextlib import ExitStack

from tools import odoo_server, processes
from tools.console import Failure, run_main, say, step
from tools.paths import ROOT, RUNTIME
from tools.postgres import postgres
from tools.rpc import LOGIN, PASSWORD, Odoo

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

FOLDER = RUNTIME / "demo"
ADDON = "panda_provisioning"
CONTACTS = [
    ("partner_reseller", "reseller", "northwind.it"),
    ("partner_end_customer", "user", "bakery.dimitriou"),
    ("partner_direct_customer", "user", "maria.lopez"),
]
COLUMNS = ("Contact", "Role", "Parent in Panda", "Username", "Panda ID", "Status")


def main():
    processes.exit_on_signals()
    with ExitStack() as running:
        server = running.enter_context(postgres())
        database = prepare(server)
        sandbox = running.enter_context(SandboxProcess(FOLDER / "panda.sqlite"))
        log = FOLDER / "odoo.log"
        with step("Start Odoo"):
            odoo = running.enter_context(
                odoo_server.OdooServer(server, database, log=log)
            )
        client = Odoo(odoo.url, database)
        system = client.connect_sandbox(sandbox.url)
        done = synchronize(client, system)
        show_accounts(done, sandbox)
        show_mails(sandbox)
        failed = [row for row in done if row["state"] != "synced"]
        if failed:
            reasons = "\n".join(f"{r['name']}: {r['status_text']}" for r in failed)
            raise Failure(f"Not everything is in Panda.\n{reasons}\nLog: {log}")
        if os.environ.get("SERVE") != "0":
            serve(odoo.url, sandbox.url)
    return 0


def prepare(server):
    """Return the name of the database, made anew if asked for or not there."""
    database = f"{server.prefix}demo"
    kept = FOLDER.exists() and server.database_exists(database)
    if os.environ.get("RESET") == "1" or not kept:
        shutil.rmtree(FOLDER, ignore_errors=True)
        with step("Database with demo data"):
            server.create_database(database)
            odoo_server.install(server, database, [ADDON], "--with-demo")
        FOLDER.mkdir(parents=True)
    return database


def synchronize(client, system):
    """Press Save & Synchronize for each contact; return what became of them."""
    done = []
    for name, role, username in CONTACTS:
        partner = find_contact(client, name)
        options = {"partner_id": partner, "system_id": system, "role": role}
        if not client.call("panda.account", "search", [("partner_id", "=", partner)]):
            options["username"] = username
        ids = client.call("panda.sync.options", "create", [options])
        client.call("panda.sync.options", "action_save_and_synchronize", ids)
        done.append(read_account(client, partner, ids))
    return done


def find_contact(client, name):
    """Return the id of a contact of the demo data."""
    domain = [("module", "=", ADDON), ("name", "=", name)]
    [row] = client.call("ir.model.data", "search_read", domain, fields=["res_id"])
    return row["res_id"]


def read_account(client, partner, options):
    """Return the row of the table for ``partner``."""
    fields = ["display_name", "role", "parent_id", "username", "remote_id", "state"]
    rows = client.call(
        *("panda.account", "search_read", [("partner_id", "=", partner)]),
        fields=[*fields, "status_text", "error_message"],
    )
    if not rows:
        [problems] = client.call("panda.sync.options", "read", options)
        texts = [text for name, text in problems.items() if name.endswith("_problem")]
        name = problems["partner_id"][1]
        reason = " ".join(filter(None, texts))
        raise Failure(f"{name} was not sent to Panda: {reason}")
    [row] = rows
    row["name"] = row["display_name"]
    return row


def show_accounts(done, sandbox):
    tenants = sandbox.control("GET", "state")["tenants"]
    names = {tenant["accountId"]: tenant["name"] for tenant in tenants}
    parents = {
        tenant["accountId"]: names.get(tenant["parentId"], tenant["parentId"])
        for tenant in tenants
    }
    rows = [
        COLUMNS,
        *(
            (
                row["name"],
                row["role"].capitalize(),
                parents.get(row["remote_id"], ""),
                row["username"],
                row["remote_id"] or "",
                row["status_text"],
            )
            for row in done
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    say("")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
        if row is COLUMNS:
            say("  ".join("-" * width for width in widths))
    below_root = [t for t in tenants if t["tier"] > 1]
    say(f"\nAccounts in Panda below {ROOT_ACCOUNT}: {len(below_root)}")


def show_mails(sandbox):
    mails = sandbox.control("GET", "outbox")
    say(f"Activation e-mails that Panda has sent: {len(mails)}")
    for mail in mails:
        say(f"  to {mail['to']} for {mail['username']} of {mail['accountName']}")


def serve(odoo_url, sandbox_url):
    say("\nLook around until Ctrl-C:")
    say(f"  Odoo      {odoo_url}/odoo/contacts   user {LOGIN}, password {PASSWORD}")
    say(f"  Mails     {sandbox_url}/outbox")
    say(f"  Panda API {sandbox_url}/docs")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nStopped.")


if __name__ == "__main__":
    run_main(main)
