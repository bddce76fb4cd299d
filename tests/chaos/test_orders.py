"""Eight salespeople confirm a day's orders at once, in a real Odoo with its cron."""

import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from tools import addons, databases, odoo_server
from tools.paths import ROOT, RUNTIME
from tools.postgres import postgres
from tools.rpc import Odoo

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

ADDON = "panda_provisioning_sale"
ORDERS, CUSTOMERS, RESELLERS, SESSIONS = 200, 150, 10, 8
TIMEOUT = 180
"""Seconds until all orders must have settled."""


class Seller(threading.Thread):
    """Confirms orders one after the other, and keeps the errors."""

    def __init__(self, client, orders, start):
        super().__init__()
        self.errors = []
        self._client, self._orders, self._start = client, orders, start

    def run(self):
        self._start.wait()
        for order in self._orders:
            try:
                self._client.call("sale.order", "action_confirm", [order])
            except Exception as error:  # noqa: BLE001 Every refusal is a failure.
                self.errors.append(error)


@pytest.fixture(scope="module")
def outcome():
    """What Panda holds once all orders have settled, and the errors until then."""
    with ExitStack() as running:
        server = running.enter_context(postgres())
        addon = addons.own_addon(ADDON)
        core = addons.core_modules([addon])
        database = databases.create(server, "chaos_orders", core)
        running.callback(databases.drop, server, database)
        odoo_server.install(server, database, [ADDON])
        file = RUNTIME / "chaos_orders.sqlite"
        file.unlink(missing_ok=True)
        sandbox = running.enter_context(SandboxProcess(file))
        odoo = running.enter_context(odoo_server.OdooServer(server, database))
        client = Odoo(odoo.url, database)
        client.connect_sandbox(sandbox.url)
        orders = make_orders(client)
        errors = confirm(odoo, database, orders)
        wait(client, orders)
        statuses = client.call("sale.order", "read", orders, fields=["panda_status"])
        yield {
            "errors": errors,
            "statuses": Counter(row["panda_status"] for row in statuses),
            **sandbox.control("GET", "state"),
        }


def make_orders(client):
    """Create quotations, several for most of the customers and all resellers."""
    product = {"name": "Endpoint Security", "panda_provision": True}
    [product] = client.call("product.product", "create", [product])
    resellers = make_people(client, "Reseller", RESELLERS)
    customers = make_people(client, "Customer", CUSTOMERS)
    return client.call(
        *("sale.order", "create"),
        [
            {
                "partner_id": resellers[i % CUSTOMERS % RESELLERS],
                "panda_end_customer_id": customers[i % CUSTOMERS],
                "order_line": [(0, 0, {"product_id": product})],
            }
            for i in range(ORDERS)
        ],
    )


def make_people(client, kind, count):
    values = [
        {
            "name": f"{kind} Number{i}",
            # One local part for all, so that all usernames collide.
            "email": f"security@{kind.lower()}{i}.example",
            "phone": f"+32 470 {i:06}",
        }
        for i in range(count)
    ]
    return client.call("res.partner", "create", values)


def confirm(odoo, database, orders):
    """Confirm all orders in eight sessions at once and return the errors."""
    start = threading.Event()
    # Dealt out in turn: the orders of a customer are in different sessions.
    sellers = [
        Seller(Odoo(odoo.url, database), orders[i::SESSIONS], start)
        for i in range(SESSIONS)
    ]
    for seller in sellers:
        seller.start()
    start.set()
    for seller in sellers:
        seller.join()
    return [error for seller in sellers for error in seller.errors]


def wait(client, orders):
    """Wait until all orders have settled, or for too long: the test then finds some
    that wait."""
    deadline = time.monotonic() + TIMEOUT
    waiting = [("id", "in", orders), ("panda_status", "=", "waiting")]
    while client.call("sale.order", "search_count", waiting):
        if time.monotonic() > deadline:
            return
        time.sleep(0.5)


def test_every_confirmation_went_through(outcome):
    assert outcome["errors"] == []
    assert outcome["statuses"] == {"done": ORDERS}


def test_one_tenant_and_one_mail_for_each(outcome):
    tenants = [tenant for tenant in outcome["tenants"] if tenant["tier"] > 1]
    assert len(tenants) == CUSTOMERS + RESELLERS
    assert len({tenant["email"] for tenant in tenants}) == CUSTOMERS + RESELLERS
    mails = Counter(mail["to"] for mail in outcome["mails"])
    assert len(mails) == sum(mails.values()) == CUSTOMERS + RESELLERS


def test_resellers_come_first(outcome):
    """Tenants are listed in the order in which they were created."""
    seen, below = {ROOT_ACCOUNT}, 0
    for tenant in outcome["tenants"]:
        if tenant["tier"] > 1:
            assert tenant["parentId"] in seen
            below += tenant["parentId"] != ROOT_ACCOUNT
        seen.add(tenant["accountId"])
    assert below == CUSTOMERS
