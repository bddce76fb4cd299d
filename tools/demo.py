"""``make demo``: the main job on real parts, then a place to look around.

SERVE=0 stops after the table, RESET=1 begins anew.
"""

import os
import shutil
import signal
import sys
import time
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
ADDON, SALE_ADDON = "panda_provisioning", "panda_provisioning_sale"
MODULES = [ADDON, SALE_ADDON, "sale_management"]
CONTACTS = [
    ("partner_reseller", "reseller", "northwind.it"),
    ("partner_end_customer", "user", "bakery.dimitriou"),
    ("partner_direct_customer", "user", "maria.lopez"),
]
ORDER_PATIENCE = 60
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
        done = [*synchronize(client, system), confirm_order(client)]
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
            odoo_server.install(server, database, MODULES, "--with-demo")
        FOLDER.mkdir(parents=True)
    elif not has_orders(server, database):
        with step("Orders for the database of before"):
            odoo_server.install(server, database, MODULES, "--with-demo")
    return database


def has_orders(server, database):
    """Whether the database was made since orders are part of the demo."""
    statement = "SELECT 1 FROM ir_module_module WHERE name = %s AND state = 'installed'"
    return bool(server.execute(statement, SALE_ADDON, database=database))


def synchronize(client, system):
    """Press Save & Synchronize for each contact; return what became of them."""
    done = []
    for name, role, username in CONTACTS:
        partner = find(client, name)
        options = {"partner_id": partner, "system_id": system, "role": role}
        if not client.call("panda.account", "search", [("partner_id", "=", partner)]):
            options["username"] = username
        ids = client.call("panda.sync.options", "create", [options])
        client.call("panda.sync.options", "action_save_and_synchronize", ids)
        done.append(read_account(client, partner, ids))
    return done


def confirm_order(client):
    """Confirm the order of a reseller; return what became of his customer."""
    order = find(client, "sale_order", SALE_ADDON)
    values = read_order(client, order)
    if values["panda_status"] != "done":
        again = "action_panda_provision"
        method = again if values["state"] == "sale" else "action_confirm"
        with step("Confirm an order of a reseller"):
            client.call("sale.order", method, [order])
            values = wait_for_order(client, order)
    [customer, name] = values["panda_end_customer_id"]
    if values["panda_status"] != "done":
        raise Failure(f"{name} was not sent to Panda: {values['panda_problems']}")
    return read_account(client, customer)


def wait_for_order(client, order):
    """Return the order when the crons have dealt with it, or it took too long."""
    deadline = time.monotonic() + ORDER_PATIENCE
    values = read_order(client, order)
    while values["panda_status"] == "waiting" and time.monotonic() < deadline:
        time.sleep(0.2)
        values = read_order(client, order)
    return values


def read_order(client, order):
    fields = ["state", "panda_status", "panda_problems", "panda_end_customer_id"]
    [values] = client.call("sale.order", "read", [order], fields=fields)
    return values


def find(client, name, module=ADDON):
    """Return the id of a record of the demo data."""
    domain = [("module", "=", module), ("name", "=", name)]
    [row] = client.call("ir.model.data", "search_read", domain, fields=["res_id"])
    return row["res_id"]


def read_account(client, partner, options=()):
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
    say(f"  Orders    {odoo_url}/odoo/orders")
    say(f"  Mails     {sandbox_url}/outbox")
    say(f"  Panda API {sandbox_url}/docs")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nStopped.")


if __name__ == "__main__":
    run_main(main)
